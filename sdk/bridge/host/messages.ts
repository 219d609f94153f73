/**
 * What a host and its clients say to each other, beside the lines of Python that pass between them: lines
 * that begin with `{"host":`, as no line of Python does that the host lets through.
 */
import type { ProcessEnd } from "../../errors.ts";
import type { Plane } from "../arena.ts";
import type { ModelDescription } from "../protocol.gen.ts";
import type { HostIdentity } from "./identity.ts";

/** A file without a name, that another process opens as /proc/PID/fd/N. */
export interface SharedFile {
  readonly fd: number;
  /** Device and inode: another file at that number is not taken for it. */
  readonly id: string;
}

/** What a client asks for. */
export interface AttachData {
  readonly pid: number;
  /** Its input arena; undefined: its tensors come inside the lines. */
  readonly arena: SharedFile | undefined;
  /** What it has beside that, for what has no room there. */
  readonly reserve: SharedFile | undefined;
  /** It has opened the output arena. */
  readonly sharesOutput: boolean;
  /** Where its relative paths begin. */
  readonly folder: string;
  /** How long the host shall live without clients; undefined: it does not care. */
  readonly idleMs: number | undefined;
}

/** What a client needs to know of the process. */
export interface WelcomeData {
  readonly hostPid: number;
  readonly pythonPid: number;
  readonly output: (SharedFile & { readonly plane: Plane }) | undefined;
  /** What the process has beside its output arena, for what has no room there. */
  readonly reserve: SharedFile | undefined;
  readonly mark: SharedFile | undefined;
}

/** How the process ended. */
export interface EndData extends ProcessEnd {
  readonly wasReady: boolean;
  /** Somebody asked the host to end. */
  readonly isStopped: boolean;
  /** What the system said where it could not be started. */
  readonly startError: { readonly message: string; readonly code: string | undefined } | undefined;
}

/** What `grym-synth ps` shows. */
export interface HostStatus {
  readonly name: string;
  readonly pid: number;
  /** When the host started, clock ticks since the machine did: with it the number means one process. */
  readonly startTicks: number;
  /** What its process ids refer to. */
  readonly namespace: string;
  readonly pythonPid: number | undefined;
  readonly python: string;
  /** undefined: no process runs, or it does not answer. */
  readonly models: readonly ModelDescription[] | undefined;
  /** Resident memory of Python, bytes. */
  readonly memory: number | undefined;
  readonly plane: Plane;
  /** Process ids of the clients. */
  readonly clients: readonly number[];
  readonly uptimeSeconds: number;
  /** How long it lives without clients, milliseconds. */
  readonly idleMs: number;
  /** Seconds until it ends by itself; undefined while it has clients. */
  readonly endsInSeconds: number | undefined;
}

/** Said by a client. */
export type ToHost =
  | {
      readonly host: "hello";
      /** `namespace`: of its process ids; another one's /proc is another. */
      readonly data: { readonly identity: HostIdentity; readonly namespace: string };
    }
  | { readonly host: "attach"; readonly data: AttachData }
  /** Also on a connection of its own: what else a client has written may not be read just now. */
  | { readonly host: "kill"; readonly data: { readonly pythonPid: number } }
  | { readonly host: "status" | "stop" };

/** Said by a host. */
export type FromHost =
  | { readonly host: "welcome"; readonly data: WelcomeData }
  | { readonly host: "attached"; readonly data: { readonly client: number } }
  /** It is over before it began: why, and what to do. */
  | { readonly host: "refused"; readonly data: { readonly reason: string } }
  | { readonly host: "end"; readonly data: EndData }
  /** Nothing: whoever is gone is found out by writing, also while nothing is read of what he wrote. */
  | { readonly host: "pulse" }
  | { readonly host: "stderr" | "discarded" | "oversize"; readonly data: { readonly text: string } }
  | { readonly host: "status"; readonly data: HostStatus };

const PREFIX = '{"host":';

export function isHostLine(line: string | Buffer): boolean {
  return typeof line === "string"
    ? line.startsWith(PREFIX)
    : line.toString("latin1", 0, PREFIX.length) === PREFIX;
}

/** One line, newline included. */
export function formatMessage(message: ToHost | FromHost): string {
  return `${JSON.stringify(message)}\n`;
}
