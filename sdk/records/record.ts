import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import { html } from "../display/html.ts";
import type { MimeBundle } from "../display/mime.ts";
import { table } from "../display/table.ts";
import { InvalidArgumentError } from "../errors.ts";
import { showAs } from "../shown-object.ts";
import { type Environment, readEnvironment } from "./environment.ts";
import { formatRecord } from "./format-record.ts";

/** A number that was promised. */
export interface Target {
  readonly name: string;
  /** null: it was not measured, which counts as missed. */
  readonly value: number | null;
  readonly goal: number;
  /** Which way is better; the goal itself counts as met. */
  readonly better: "lower" | "higher";
  /** Why it was not measured. */
  readonly reason?: string | undefined;
}

/** One measured row: what it is, and its numbers. */
export type RecordRow = Readonly<Record<string, string | number | boolean | null>>;

/** What a benchmark or a long test has found. */
export interface RecordContent {
  /** In one sentence with a question mark. */
  readonly question: string;
  readonly rows: readonly RecordRow[];
  readonly targets: readonly Target[];
  /** How it was measured, and what weakens it. */
  readonly notes?: readonly string[] | undefined;
}

/** A record as it stands in its file. */
export interface RunRecord extends RecordContent {
  readonly name: string;
  readonly environment: Environment;
}

/** Where a record goes, and whom to ask about Python. */
export interface RecordOptions {
  readonly bridge?: GAMABridge | undefined;
  /** @default the repository's `benchmarks/results` */
  readonly folder?: string | undefined;
}

const RESULTS = join(import.meta.dirname, "..", "..", "benchmarks", "results");
const NAME = /^[a-z0-9][a-z0-9-]*$/;

/**
 * Writes `<folder>/<name>.json`.
 *
 * @throws InvalidArgumentError the name is no file name, or a number is not finite
 */
export async function writeRecord(
  name: string,
  content: RecordContent,
  options: RecordOptions = {},
): Promise<RunRecord> {
  const folder = options.folder ?? RESULTS;
  const path = recordPath(name, folder);
  refuseNonFinite(content);
  const environment = await readEnvironment(options.bridge);
  const record: RunRecord = { name, ...content, environment };
  await mkdir(folder, { recursive: true });
  await writeFile(path, `${JSON.stringify(record, null, 2)}\n`);
  return showAs(record, recordBundle);
}

/**
 * Reads what `writeRecord` wrote.
 *
 * @throws InvalidArgumentError there is no record of that name
 */
export async function readRecord(name: string, folder: string = RESULTS): Promise<RunRecord> {
  const path = recordPath(name, folder);
  if (!existsSync(path)) throw new InvalidArgumentError("name", `a record in ${folder}`, name);
  // Written by writeRecord; the reader of a table trusts its own repository.
  return showAs(JSON.parse(await readFile(path, "utf8")) as RunRecord, recordBundle);
}

/** Whether a target was reached; one that was not measured was not. */
export function isMet({ value, goal, better }: Target): boolean {
  if (value === null) return false;
  return better === "lower" ? value <= goal : value >= goal;
}

function recordBundle(record: RunRecord): MimeBundle {
  const rows = table(record.rows, { title: record.question }).source;
  const targets = table(
    record.targets.map((target) => ({ ...target, met: isMet(target) ? "yes" : "NO" })),
    { title: "Targets" },
  ).source;
  const notes = (record.notes ?? []).map((note) => html`<p>${note}</p>`.source).join("");
  return {
    "text/html": `<div>${rows}${targets}${notes}</div>`,
    "text/plain": formatRecord(record),
  };
}

function recordPath(name: string, folder: string): string {
  if (!NAME.test(name)) throw new InvalidArgumentError("name", "letters, digits and dashes", name);
  return join(folder, `${name}.json`);
}

/** JSON would write null for it, and the reader would not know why. */
function refuseNonFinite({ rows, targets }: RecordContent): void {
  for (const row of [...rows, ...targets]) {
    for (const [key, value] of Object.entries(row)) {
      if (typeof value === "number" && !Number.isFinite(value)) {
        throw new InvalidArgumentError(key, "a finite number, or null", value);
      }
    }
  }
}
