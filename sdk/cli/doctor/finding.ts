/** One line of the doctor's report. */
export interface Finding {
  /** `missing`: the notebook does not run without it. `note`: it runs, with less. */
  state: "ok" | "note" | "missing";
  name: string;
  text: string;
  /** What to do; given with everything that is not `ok`. */
  remedy?: string;
}

const MARKS: Record<Finding["state"], string> = { ok: "ok  ", note: "note", missing: "MISS" };

/** The report as plain text, one line for each finding, remedies below their line. */
export function writeFindings(findings: readonly Finding[]): string {
  const width = Math.max(...findings.map(({ name }) => name.length));
  return findings
    .map(({ state, name, text, remedy }) => {
      const line = `${MARKS[state]}  ${name.padEnd(width)}  ${text}`;
      return remedy === undefined ? line : `${line}\n      ${" ".repeat(width)}  → ${remedy}`;
    })
    .join("\n");
}

/** Bytes as people say them, in powers of ten: `12.3 MB`. */
export function writeBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  const power = bytes < 1 ? 0 : Math.min(units.length - 1, Math.floor(Math.log10(bytes) / 3));
  const value = bytes / 1000 ** power;
  return `${power === 0 || value >= 100 ? value.toFixed(0) : value.toFixed(1)} ${units[power]}`;
}
