import { GrymError } from "../errors.ts";

/** Where in a file something is wrong. */
export interface FilePlace {
  readonly path: string;
  /** From 1; undefined where nothing tells it. */
  readonly line: number | undefined;
}

/** A file gives no study. The message begins with its place; where code threw, that is the `cause`. */
export class StudyFileError extends GrymError {
  override readonly name = "StudyFileError";
  readonly code = "study_file";
  readonly path: string;
  readonly line: number | undefined;

  constructor({ path, line }: FilePlace, what: string, cause?: unknown) {
    const place = line === undefined ? path : `${path}:${line}`;
    super(`${place}: ${what}`, cause === undefined ? undefined : { cause });
    this.path = path;
    this.line = line;
  }
}
