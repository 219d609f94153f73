import { resolve } from "node:path";
import { InvalidArgumentError } from "../../errors.ts";
import { MODEL_FIELDS } from "./pattern-validator.ts";
import type { PatternStorageOptions } from "./types.ts";

/** LanceDB would store such folders elsewhere, or in memory. */
const NO_PATH = /^([a-z][a-z\d+.-]*:\/\/|~(\/|$))/i;

/**
 * The absolute path of a folder. To be asked for at once: the process may change its own folder
 * before the first verb, or between two.
 *
 * @throws InvalidArgumentError a URL, `~`, or no path at all
 */
export function resolveFolder(folder: string): string {
  if (isText(folder) && !NO_PATH.test(folder)) return resolve(folder);
  throw new InvalidArgumentError("folder", "the path of a folder, no URL and no `~`", folder);
}

/** @throws InvalidArgumentError a fact of the model or a limit that is none */
export function checkLimits(options: Omit<PatternStorageOptions, "folder">): void {
  const { model, maxPatterns, maxScanBytes } = options;
  for (const field of MODEL_FIELDS) {
    if (isText(model?.[field])) continue;
    throw new InvalidArgumentError(`model.${field}`, "text that is not empty", model?.[field]);
  }
  requireCount("model.dimension", model.dimension);
  if (maxPatterns !== undefined) requireCount("maxPatterns", maxPatterns);
  const bytes: unknown = maxScanBytes ?? 0;
  if (typeof bytes !== "number" || !(bytes >= 0)) {
    throw new InvalidArgumentError("maxScanBytes", "bytes, >= 0", bytes);
  }
}

/** @throws InvalidArgumentError */
export function requireCount(field: string, value: number): void {
  if (Number.isInteger(value) && value >= 1) return;
  throw new InvalidArgumentError(field, "a whole number >= 1", value);
}

function isText(value: unknown): boolean {
  return typeof value === "string" && value !== "" && value.isWellFormed();
}
