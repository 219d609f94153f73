/**
 * What the two threads of the kernel say to each other. The main thread runs cells and knows no
 * protocol; the worker holds sockets and protocol and runs no user code.
 */

import type { CellMap } from "./source-map.ts";
import type { KernelSettings } from "./types/type-policy.ts";

/** An error as the Jupyter protocol carries it. */
export interface ErrorReport {
  readonly ename: string;
  readonly evalue: string;
  /** Lines for the reader; joined by newlines in every front end. */
  readonly traceback: readonly string[];
}

/** A cell ready to run. */
export interface RunOrder {
  readonly type: "run";
  /** Serial number of this run, unique in the session, also for silent cells. */
  readonly cell: number;
  /** What a reader sees: the number in `Cell [n]`. */
  readonly executionCount: number;
  readonly source: string;
  /** Script text: an expression whose value is an async function taking the cell's helpers. */
  readonly code: string;
  readonly map: CellMap;
  /** Names that the cell makes global. */
  readonly declares: readonly string[];
}

/** From the worker to the main thread. */
export type ToMain =
  | RunOrder
  | { readonly type: "interrupt"; readonly serial: number }
  | { readonly type: "shutdown" };

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
  | { readonly type: "done"; readonly cell: number; readonly error: ErrorReport | undefined }
  | { readonly type: "settings"; readonly settings: KernelSettings }
  | { readonly type: "interrupted"; readonly serial: number }
  /** A signal asks the kernel to end. */
  | { readonly type: "terminate" };
