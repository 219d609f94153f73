import { InvalidArgumentError } from "../errors.ts";

/**
 * The study could be run as it is asked for, and its numbers would mislead: folds of one's own where the data
 * set's authors give theirs, or features that depend on the clips beside them.
 */
export class StudyRefusedError extends InvalidArgumentError {
  override readonly name = "StudyRefusedError";
}
