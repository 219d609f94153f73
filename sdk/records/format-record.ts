import { isMet, type RecordRow, type RunRecord, type Target } from "./record.ts";

/** A record as a text: question, rows, targets, machine. */
export function formatRecord(record: RunRecord): string {
  const { environment } = record;
  const targets = record.targets.map((target) => ({
    target: target.name,
    value: target.value,
    goal: `${target.better === "lower" ? "≤" : "≥"} ${formatCell(target.goal)}`,
    met: describeOutcome(target),
  }));
  const versions = Object.entries(environment.versions).map(([name, value]) => `${name} ${value}`);
  return [
    record.question,
    formatRows(record.rows),
    formatRows(targets),
    ...(record.notes ?? []),
    `${environment.cpu}, ${environment.cores} cores, load ${environment.loadAverage.join(" ")}; ` +
      `${versions.join(", ")}; ${environment.date.slice(0, 10)}`,
  ]
    .filter((part) => part !== "")
    .join("\n\n");
}

function describeOutcome(target: Target): string {
  if (isMet(target)) return "yes";
  return target.value === null ? `NO, not measured: ${target.reason ?? "nobody says why"}` : "NO";
}

/** A table in GitHub's Markdown, which also reads well in a terminal. */
export function formatRows(rows: readonly RecordRow[]): string {
  const names = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  if (names.length === 0) return "";
  const cells = rows.map((row) => names.map((name) => formatCell(row[name])));
  const isNumeric = names.map((name) => rows.every((row) => typeof row[name] === "number"));
  const widths = names.map((name, column) =>
    Math.max(3, name.length, ...cells.map((row) => row[column]?.length ?? 0)),
  );
  const line = (values: readonly string[]): string =>
    `| ${values.map((value, column) => pad(value, column)).join(" | ")} |`;
  const rule = widths.map((width, column) =>
    isNumeric[column] ? `${"-".repeat(width - 1)}:` : "-".repeat(width),
  );
  return [line(names), `| ${rule.join(" | ")} |`, ...cells.map(line)].join("\n");

  function pad(value: string, column: number): string {
    const width = widths[column] ?? 0;
    return isNumeric[column] ? value.padStart(width) : value.padEnd(width);
  }
}

/** Four significant digits: more would pretend. */
function formatCell(value: RecordRow[string] | undefined): string {
  if (value === undefined || value === null) return "–";
  if (typeof value !== "number") return String(value);
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}
