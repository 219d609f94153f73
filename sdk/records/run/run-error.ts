import { GrymError, type RunErrorCode } from "../../errors.ts";

/** A run directory cannot be used as asked. The message names the file or field, and says what to do. */
export class RunError extends GrymError {
  override readonly name = "RunError";
  readonly code: RunErrorCode;
  /** Folder of the run. */
  readonly folder: string;

  constructor(code: RunErrorCode, folder: string, message: string) {
    super(`${message} (${folder})`);
    this.code = code;
    this.folder = folder;
  }
}
