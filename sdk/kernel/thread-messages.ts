/**
 * What the two threads of the kernel say to each other. The main thread runs cells and knows no
 * protocol; the worker holds sockets and protocol and runs no user code.
 */

import type { CellMap } from "./source-map.ts";
import type { KernelSettings } from "./types/type-policy.ts";
import type { JsonObject } from "./wire-message.ts";

/** An error as the Jupyter protocol carries it. */
export interface ErrorReport {
  readonly ename: string;
  readonly evalue: string;
  /** Lines for the reader; joined by newlines in every front end. */
  readonly traceback: readonly string[];
}

/** A script made of the user's text. */
export interface CellScript {
  /** Serial number of this run, unique in the session, also for silent cells. */
  readonly cell: number;
  /** What a reader sees: the number in `Cell [n]`. */
  readonly executionCount: number;
  readonly source: string;
  /** Script text: an expression whose value is an async function taking the cell's helpers. */
  readonly code: string;
  readonly map: CellMap;
}

/** An expression that the front end wants to know after the cell (`user_expressions`). */
export interface UserExpression {
  readonly name: string;
  /** What to run, or why that is not possible. */
  readonly script: CellScript | ErrorReport;
}

/** A cell ready to run. */
export interface RunOrder extends CellScript {
  readonly type: "run";
  /** Names that the cell makes global. */
  readonly declares: readonly string[];
  readonly expressions: readonly UserExpression[];
  /** Whether the front end can ask its user for input. */
  readonly allowStdin: boolean;
}

/** What a comm carries in one direction, beside JSON its binary buffers. */
export interface CommPayload {
  readonly commId: string;
  readonly data: JsonObject;
  readonly metadata: JsonObject;
  readonly buffers: readonly Uint8Array[];
}

/** A comm message of the front end; `cell` is the run to which its handlers' output belongs. */
export interface CommEvent extends CommPayload {
  readonly type: "comm";
  readonly cell: number;
  readonly kind: "open" | "msg" | "close";
  /** Name under which code listens for comms; set for `open`. */
  readonly target: string;
}

/** From the worker to the main thread. */
export type ToMain =
  | RunOrder
  | CommEvent
  | { readonly type: "input"; readonly serial: number; readonly value: string }
  | { readonly type: "interrupt"; readonly serial: number }
  | { readonly type: "shutdown" };

/** How a user expression ended; the text is the JSON of `{data, metadata}`. */
export type ExpressionOutcome =
  | { readonly name: string; readonly content: string }
  | { readonly name: string; readonly error: ErrorReport };

/** Message types of displays. */
export type DisplayType = "display_data" | "update_display_data";

/** From the main thread to the worker; `cell` is the run that caused it, however late. */
export type ToWorker =
  | {
      readonly type: "stream";
      readonly cell: number;
      readonly name: "stdout" | "stderr";
      readonly text: string;
    }
  | {
      readonly type: "display";
      readonly cell: number;
      readonly messageType: DisplayType;
      /** JSON text, so that a value is serialised once and where its error can be reported. */
      readonly content: string;
    }
  | {
      readonly type: "result";
      readonly cell: number;
      readonly content: string;
      /** Plain text of the result, for the history. */
      readonly text: string;
    }
  | { readonly type: "clear"; readonly cell: number; readonly wait: boolean }
  | {
      readonly type: "page";
      readonly cell: number;
      readonly data: Readonly<Record<string, unknown>>;
    }
  | { readonly type: "late-error"; readonly cell: number; readonly error: ErrorReport }
  | {
      readonly type: "done";
      readonly cell: number;
      readonly error: ErrorReport | undefined;
      readonly expressions: readonly ExpressionOutcome[];
    }
  /** A cell asks the user. */
  | {
      readonly type: "input";
      readonly cell: number;
      readonly serial: number;
      readonly prompt: string;
      readonly password: boolean;
    }
  | CommEvent
  /** The handlers of a comm message have run. */
  | { readonly type: "comm-handled"; readonly cell: number }
  | { readonly type: "settings"; readonly settings: KernelSettings }
  | { readonly type: "interrupted"; readonly serial: number }
  /** A signal asks the kernel to end. */
  | { readonly type: "terminate" };
