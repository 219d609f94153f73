import type { FeatureMemoryErrorCode } from "../error-codes.ts";
import { GrymError } from "../errors.ts";

/**
 * A pattern was refused, or its store failed. `code` says which; the message says what to do.
 *
 * @example
 * try {
 *   await storage.retrieve(id);
 * } catch (error) {
 *   if (error instanceof FeatureMemoryError && error.code === "pattern_not_found") return null;
 *   throw error;
 * }
 */
export class FeatureMemoryError extends GrymError {
  override readonly name = "FeatureMemoryError";
  readonly code: FeatureMemoryErrorCode;
  /** What the message says, as data: ids, sizes, folders. */
  readonly details: Readonly<Record<string, unknown>>;

  constructor(
    code: FeatureMemoryErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
    cause?: unknown,
  ) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.details = details;
  }
}
