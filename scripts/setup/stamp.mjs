// A stamp says from which inputs a step was done; it is written after the step, so an
// interrupted step runs again.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Hash of files and words, as hex. A missing file is an error: the clone is incomplete. */
export function fingerprint(files, words = []) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(file));
  for (const word of words) hash.update(`\0${word}`);
  return hash.digest("hex");
}

export function isStamped(file, value) {
  return existsSync(file) && readFileSync(file, "utf8") === value;
}

export function stamp(file, value) {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, value);
}
