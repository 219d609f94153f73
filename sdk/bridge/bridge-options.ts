import { AsyncResource } from "node:async_hooks";
import { InvalidArgumentError } from "../errors.ts";
import type { Plane } from "./arena.ts";
import { findPython } from "./find-python.ts";
import { HostConnector, type HostOptions } from "./host/host-connector.ts";
import type { LogEntry } from "./log-entry.ts";
import type { QueueOptions } from "./outbox.ts";
import type { RestartOptions } from "./restart-policy.ts";
import { SpawnConnector } from "./spawn-transport.ts";
import type { SupervisorOptions } from "./supervisor.ts";
import type { Connector, TransportKind } from "./transport.ts";
import type { WatchdogOptions } from "./watchdog.ts";

/** How the bridge starts its process. */
export interface BridgeOptions {
  /**
   * The Python to run.
   * @default GRYM_PYTHON, else the repository's `.venv`, else VIRTUAL_ENV
   */
  readonly python?: string | undefined;
  /** Environment variables beside those of this process. */
  readonly env?: Readonly<Record<string, string>> | undefined;
  /**
   * `spawn`: the process is ours, and dies with us. `attach`: it belongs to a detached host, which is started
   * where none lives, keeps the models when we end, and may have other clients; `shutdown` only disconnects.
   * @default "spawn"
   */
  readonly transport?: TransportKind | undefined;
  /**
   * Models outlive this process: a restarted kernel finds them loaded. The short form of
   * `transport: "attach"`, by default to the host named "default".
   * @default false
   */
  readonly keepAlive?: boolean | undefined;
  /** Of `attach` and `keepAlive`: which host. */
  readonly host?: HostOptions | undefined;
  /**
   * The best way for bulk data to try.
   * @default "shared_memory"
   */
  readonly plane?: Plane | undefined;
  /**
   * Time for the process to say `ready` (before torch is imported), milliseconds.
   * @default 30_000
   */
  readonly startTimeoutMs?: number | undefined;
  /**
   * A call that was given up and is still worked on after this time costs its process: the next one loads
   * the models again and is asked what else waits, milliseconds.
   * @default 30_000
   */
  readonly cancelGraceMs?: number | undefined;
  /** What happens when the process dies. */
  readonly restart?: RestartOptions | undefined;
  /** How much may be asked at once. */
  readonly queue?: QueueOptions | undefined;
  /** When a process that says nothing is given up. */
  readonly watchdog?: WatchdogOptions | undefined;
  /**
   * Hears the records of Python's `logging` and `warnings`, stderr, the remarks of the protocol, and of
   * restarts (else these last ones are told by `console.warn`).
   */
  readonly onLog?: ((entry: LogEntry) => void) | undefined;
}

const START_TIMEOUT_MS = 30_000;
const CANCEL_GRACE_MS = 30_000;

/** What a timer can count, milliseconds; a longer time would pass at once. */
const MAX_MS = 2 ** 31 - 1;

/** Smallest and largest value of each number; the smallest is 1, of times 1 ms. */
const LARGEST: Readonly<Record<string, number>> = {
  startTimeoutMs: MAX_MS,
  cancelGraceMs: MAX_MS,
  "watchdog.pingAfterMs": MAX_MS,
  "watchdog.unresponsiveAfterMs": Number.POSITIVE_INFINITY,
  "restart.maxAttempts": Number.POSITIVE_INFINITY,
  "restart.maxCrashesPerMinute": Number.POSITIVE_INFINITY,
  "queue.maxInFlight": Number.POSITIVE_INFINITY,
  "queue.maxQueued": Number.POSITIVE_INFINITY,
  "queue.maxArenaBytes": Number.POSITIVE_INFINITY,
};

/** @throws InvalidArgumentError a number that would mean something else, or options that contradict each other */
export function toSupervisorOptions(options: BridgeOptions): SupervisorOptions {
  const { plane, restart, queue, watchdog, onLog } = options;
  for (const [field, largest] of Object.entries(LARGEST)) checkNumber(options, field, largest);
  return {
    connector: makeConnector(options),
    plane,
    startTimeoutMs: options.startTimeoutMs ?? START_TIMEOUT_MS,
    cancelGraceMs: options.cancelGraceMs ?? CANCEL_GRACE_MS,
    restart,
    queue,
    watchdog,
    onLog: onLog && AsyncResource.bind(onLog),
  };
}

function makeConnector(options: BridgeOptions): Connector {
  const { python, env = {}, plane, host } = options;
  const find = (): string => python ?? findPython();
  if (transportOf(options) === "attach") {
    return new HostConnector({ host: host ?? {}, findPython: find, env, plane });
  }
  if (host !== undefined) {
    const expected = 'absent without `keepAlive: true` or `transport: "attach"`';
    throw new InvalidArgumentError("host", expected, host);
  }
  return new SpawnConnector({ findPython: find, env });
}

const TRANSPORTS: readonly unknown[] = ["spawn", "attach"] satisfies TransportKind[];

function transportOf({ transport, keepAlive }: BridgeOptions): TransportKind {
  const kept: unknown = keepAlive; // cells may run without a type check
  if (transport !== undefined && !TRANSPORTS.includes(transport)) {
    throw new InvalidArgumentError("transport", 'one of "spawn" and "attach"', transport);
  }
  if (kept !== undefined && typeof kept !== "boolean") {
    throw new InvalidArgumentError("keepAlive", "true or false", kept);
  }
  if (kept !== undefined && transport !== undefined && kept !== (transport === "attach")) {
    const expected = `${!kept} or absent beside \`transport: "${transport}"\``;
    throw new InvalidArgumentError("keepAlive", expected, kept);
  }
  return transport ?? (kept === true ? "attach" : "spawn");
}

/** @param field its path in the options */
function checkNumber(options: BridgeOptions, field: string, largest: number): void {
  const value: unknown = field
    .split(".")
    .reduce<unknown>(
      (part, key) => (part === undefined ? part : Reflect.get(Object(part), key)),
      options,
    );
  if (value === undefined) return;
  if (typeof value === "number" && value >= 1 && value <= largest) return;
  const limit = Number.isFinite(largest) ? ` and at most ${largest}` : "";
  throw new InvalidArgumentError(field, `at least 1${limit}`, value);
}
