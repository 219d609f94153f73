/** How a process that holds the models is reached: it belongs to this Node process, or to a host. */
import type { GrymError, ProcessEnd } from "../errors.ts";
import type { DataPlane } from "./plane.ts";

/** Who owns the process: this Node process (`spawn`), or a host that outlives it (`attach`). */
export type TransportKind = "spawn" | "attach";

/** The host through which a process is reached. */
export interface HostReference {
  readonly name: string;
  readonly pid: number;
}

/** How the way to a process came to its end. */
export interface TransportEnd {
  readonly end: ProcessEnd;
  /** The request that was worked on: an id, 0 for none of ours, undefined where nothing is known. */
  readonly running: number | undefined;
  /** Why nothing was reached, or why nobody should try again by itself. */
  readonly failure: GrymError | undefined;
  /** What the system said where nothing could be started. */
  readonly startError: Error | undefined;
}

/** What a transport tells its owner. */
export interface TransportHandlers {
  /** A line of the process, without its newline. */
  readonly onLine: (line: string) => void;
  /** A line was too long to keep; `head` is how it began. */
  readonly onOversize: (head: string) => void;
  readonly onStderr: (text: string) => void;
  /** A line that was no message was discarded on the way. */
  readonly onDiscard: (text: string) => void;
  /** The process has written something. */
  readonly onHeard: () => void;
  /** The process has read what was written. */
  readonly onDrain: () => void;
  /** Called once, after every line was received. */
  readonly onEnd: (end: TransportEnd) => void;
}

/** The way to one process. */
export interface Transport {
  /** The Python that runs, for messages. */
  readonly command: string;
  /** Process id of Python; undefined until it is known. */
  readonly pid: number | undefined;
  /** False from the moment that the process is known to have ended. */
  readonly isRunning: boolean;
  readonly host: HostReference | undefined;
  /** Whether another request than that one is worked on; false where nobody knows. */
  worksOnAnother(id: number): boolean;
  /** Sends a line. @returns false: wait for `onDrain` */
  write(line: string): boolean;
  /** Adds a record of the process to the tail that its end shows. */
  note(text: string): void;
  /** Whether it keeps Node alive. */
  hold(isNeeded: boolean): void;
  /** Ends the process at once, for everybody who uses it. */
  kill(): void;
  /** Goes away: a process of our own ends, a host's goes on. Resolves when it is done. */
  stop(): Promise<void>;
}

/** Makes the way to a process, again and again. */
export interface Connector {
  /** Whether the output arena is made here; otherwise a host brings it. */
  readonly ownsOutput: boolean;
  /** @throws ProcessStartError the process cannot even be spawned */
  open(plane: DataPlane, handlers: TransportHandlers): Transport;
  close(): void;
}
