import { InvalidArgumentError } from "../../errors.ts";
import { canonicalJson, type Json } from "./canonical-json.ts";
import { dataRoot, type HeardClip } from "./merkle.ts";

/** A JSON object. */
export type JsonObject = { readonly [name: string]: Json | undefined };

/** What is fixed before the first clip; all of it plain data, as JSON holds it. */
export interface RunOpening {
  /** Begins the folder's name: small letters, digits and dashes. */
  readonly name: string;
  /** The design; its digest is the id of the study, so that nothing in it can change afterwards. */
  readonly study: object;
  /** Name, licence, protocol, what was left out and why; the file has the clips' digest as `root` beside it. */
  readonly data: object;
  /** The clips that are used, with whatever else is known of them. */
  readonly manifest: readonly HeardClip[];
  /** By the id of the arm. */
  readonly arms: Readonly<Record<string, object>>;
  /** Where and with what (`readEnvironment`). */
  readonly machine: object;
  /** Chunks, order of sources, blocks. */
  readonly schedule: object;
}

/** The files of an opening. */
export const OPENING_FILES = {
  study: "study.json",
  data: "data.json",
  manifest: "manifest.jsonl",
  arms: "arms.json",
  machine: "machine.json",
  schedule: "schedule.json",
} as const;

const NAME = /^[a-z0-9][a-z0-9-]*$/;

/**
 * Paths and contents; the file of the design is the first.
 *
 * @throws InvalidArgumentError the name is no file name, there is no clip or one twice, or a value is not
 *   what JSON holds
 */
export function toFiles(opening: RunOpening): Map<string, string> {
  const { name, study, manifest, arms, machine, schedule } = opening;
  if (!NAME.test(name)) throw new InvalidArgumentError("name", "letters, digits and dashes", name);
  const data = { ...opening.data, root: dataRoot(manifest) };
  return new Map([
    [OPENING_FILES.study, canonicalJson(study, "study")],
    [OPENING_FILES.data, canonicalJson(data, "data")],
    [OPENING_FILES.manifest, toLines(manifest)],
    [OPENING_FILES.arms, canonicalJson(arms, "arms")],
    [OPENING_FILES.machine, canonicalJson(machine, "machine")],
    [OPENING_FILES.schedule, canonicalJson(schedule, "schedule")],
  ]);
}

/** Rows as lines of canonical JSON. */
export function toLines(rows: readonly unknown[]): string {
  return rows.map((row, index) => `${canonicalJson(row, `row ${index + 1}`)}\n`).join("");
}
