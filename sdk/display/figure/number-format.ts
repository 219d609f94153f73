const PATTERN = /^(,)?(?:\.(\d+))?(~)?([%fdges])?$/;

const PREFIXES: readonly [number, string][] = [
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
];

/** Writes numbers by the part of d3's format language that figures use: `.0%`, `.2f`, `,d`, `.3s`. */
export type NumberFormat = (value: number) => string;

/** The format for a pattern, or undefined for a pattern outside the part that is known here. */
export function numberFormat(pattern: string): NumberFormat | undefined {
  const match = PATTERN.exec(pattern);
  if (match === null) return undefined;
  const [, comma, precision, trim, type = ""] = match;
  const digits = precision === undefined ? undefined : Number(precision);
  return (value) => {
    const written = write(value, type, digits);
    const trimmed =
      trim === undefined
        ? written
        : written.replace(/(\.\d*?)0+(?=\D*$)/, "$1").replace(/\.(?=\D*$)/, "");
    return minus(comma === undefined ? trimmed : groupThousands(trimmed));
  };
}

function write(value: number, type: string, digits: number | undefined): string {
  if (type === "%") return `${(value * 100).toFixed(digits ?? 6)}%`;
  if (type === "f") return value.toFixed(digits ?? 6);
  if (type === "d") return value.toFixed(0);
  if (type === "e") return value.toExponential(digits ?? 6);
  if (type === "s") return writePrefixed(value, digits ?? 3);
  return digits === undefined ? String(value) : String(Number(value.toPrecision(digits)));
}

function writePrefixed(value: number, digits: number): string {
  const [factor, prefix] = PREFIXES.find(([size]) => Math.abs(value) >= size) ?? [1, ""];
  return `${Number((value / factor).toPrecision(digits))}${prefix}`;
}

function groupThousands(text: string): string {
  return text.replace(/^(-?\d+)/, (whole) => whole.replace(/\B(?=(\d{3})+$)/g, ","));
}

function minus(text: string): string {
  return text.replace("-", "−");
}

/** How ticks of a distance are written: with the decimals they need, large ones with k, M, G. */
export function tickFormat(step: number, largest: number): NumberFormat {
  if (largest >= 1e4) return (value) => minus(writePrefixed(value, 6));
  if (largest > 0 && largest < 1e-4)
    return (value) => minus(Number(value.toPrecision(3)).toExponential());
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  return (value) => minus(value.toFixed(decimals));
}
