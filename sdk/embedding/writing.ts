import { accessSync, constants } from "node:fs";
import { dirname, resolve } from "node:path";
import { InvalidArgumentError } from "../errors.ts";

/**
 * Refuses a file whose folder cannot be written to: better before an hour of work than after it.
 *
 * @throws InvalidArgumentError the folder is not there, or is not ours to write to
 */
export function checkWritable(path: string): void {
  attempt(path, () => accessSync(dirname(resolve(path)), constants.W_OK));
}

/**
 * Runs what writes a file.
 *
 * @throws InvalidArgumentError the file cannot be written; the message has the system's reason
 */
export async function writingTo(path: string, write: () => Promise<void>): Promise<void> {
  try {
    await write();
  } catch (error) {
    throw refusal(path, error);
  }
}

function attempt(path: string, act: () => void): void {
  try {
    act();
  } catch (error) {
    throw refusal(path, error);
  }
}

/** Errors of the system become ours; all others stay what they are. */
function refusal(path: string, error: unknown): unknown {
  if (!(error instanceof Error && "syscall" in error && "code" in error)) return error;
  return new InvalidArgumentError(
    "path",
    `a file that can be written (${error.code})`,
    resolve(path),
  );
}
