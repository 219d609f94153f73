import type { Log } from "./protocol.gen.ts";

/** Something that the process, or the bridge, said beside the answers. */
export interface LogEntry {
  /** Of a record its own; raw text has none, and counts as `info`. */
  readonly level: Log["level"];
  /**
   * `logging`: a record of Python's `logging` or `warnings`; `stderr`: raw text; `wire`: a remark of the
   * protocol; `bridge`: the process was started again.
   */
  readonly source: "logging" | "stderr" | "wire" | "bridge";
  /** Of a record: the name of its logger, such as `transformers.modeling_utils` or `py.warnings`. */
  readonly logger?: string | undefined;
  readonly text: string;
}

/** A record as a line of text, for the report of a crash. */
export function describeLog({ level, logger, message }: Log): string {
  return `${level}: ${logger === undefined ? "" : `${logger}: `}${message}\n`;
}
