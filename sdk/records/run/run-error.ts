import type { RunErrorCode } from "../../error-codes.ts";
import { GrymError } from "../../errors.ts";

/** A run directory cannot be used as asked. The message names the file or field, and says what to do. */
export class RunError extends GrymError {
  override readonly name = "RunError";
  readonly code: RunErrorCode;
  /** Folder of the run. */
  readonly folder: string;

  constructor(code: RunErrorCode, folder: string, message: string, cause?: unknown) {
    super(`${message} (${folder})`, cause === undefined ? undefined : { cause });
    this.code = code;
    this.folder = folder;
  }
}

/** Errors of the system become ours; all others stay what they are. */
export function toRunError(error: unknown, folder: string): unknown {
  if (!(error instanceof Error && "syscall" in error && "code" in error)) return error;
  const what =
    `The run cannot be written (${error.code}): make room or give rights, and open it again; ` +
    "every chunk that was acknowledged is there";
  return new RunError("run_unwritable", folder, what, error);
}
