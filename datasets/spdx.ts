const LICENCE = /creativecommons\.org\/licenses\/([a-z+-]+)\/(\d+\.\d+)/;

/** The SPDX identifier of a Creative Commons address, as Freesound gives it. */
export function spdxOf(address: string): string {
  if (address.includes("creativecommons.org/publicdomain/zero/1.0")) return "CC0-1.0";
  const [, kind, version] = LICENCE.exec(address) ?? [];
  if (kind === undefined) return "NOASSERTION";
  // SPDX lists no licence of the Sampling family.
  if (kind === "sampling+") return `LicenseRef-CC-Sampling-Plus-${version}`;
  return `CC-${kind.toUpperCase()}-${version}`;
}
