import type { ProcessEnd } from "../errors.ts";
import type { Plane } from "./arena.ts";
import type { HostReference } from "./transport.ts";

/** Counts over all processes of a bridge. */
export interface SupervisorStats {
  readonly pid: number | undefined;
  /** The host that owns the process; undefined where it is ours. */
  readonly host: HostReference | undefined;
  /** How bulk data crosses; undefined before the first call, and when it is shut down. */
  readonly plane: Plane | undefined;
  /** Why a better plane is not in use, or was not for some tensors. */
  readonly planeReason: string | undefined;
  /** Processes started: 1 + restarts. */
  readonly starts: number;
  /** How the last process ended that did so by itself; undefined where none did. */
  readonly lastCrash: ProcessEnd | undefined;
  readonly calls: number;
  /** Callers that wait for an answer. */
  readonly waiting: number;
  /** Of the waiting: those that the process does not have yet. */
  readonly queued: number;
  /** Given up, and not answered yet. */
  readonly abandoned: number;
  /** Requests that were asked again of a new process. */
  readonly repeated: number;
  readonly discardedLines: number;
  readonly arenaBytes: number;
  /** Bytes of tensors that Python has not answered, also of those inside lines. */
  readonly arenaUsed: number;
  /** Bytes of tensors that went inside lines so far. */
  readonly inlineBytes: number;
}
