import { existsSync, statSync } from "node:fs";
import { UsageError } from "../usage-error.ts";
import { readWord } from "./pair-flags.ts";

/** Flags of every study, whoever says what is compared. */
export const RUN_FLAGS = {
  out: { type: "string", default: "runs" },
  fresh: { type: "boolean", default: false },
  require: { type: "string" },
  yes: { type: "boolean", default: false },
  json: { type: "boolean", default: false },
} as const;

const WORDS = ["better", "not worse", "equivalent"] as const;

/** How a study is run, and what is expected of it. */
export interface RunRequest {
  readonly out: string;
  readonly fresh: boolean;
  readonly require: (typeof WORDS)[number] | undefined;
  readonly yes: boolean;
  readonly json: boolean;
}

/** @throws UsageError */
export function readRun(
  values: Omit<RunRequest, "require"> & { readonly require?: string | undefined },
): RunRequest {
  const { out, fresh, require, yes, json } = values;
  const isFile = existsSync(out) && !statSync(out).isDirectory();
  if (out === "" || isFile) throw new UsageError(`--out is a folder, got ${out || "nothing"}`);
  const word = require === undefined ? undefined : readWord("require", require, WORDS);
  return { out, fresh, require: word, yes, json };
}
