import { HostError, InvalidArgumentError } from "../../errors.ts";
import type { Plane } from "../arena.ts";
import type { DataPlane } from "../plane.ts";
import type { Connector, Transport, TransportHandlers } from "../transport.ts";
import { checkName, DEFAULT_HOST, openHostFolder, socketPath } from "./address.ts";
import { AttachTransport } from "./attach-transport.ts";
import { hostIdentity } from "./identity.ts";

/** Which host to attach to. */
export interface HostOptions {
  /**
   * @default "default"
   */
  readonly name?: string | undefined;
  /**
   * The host ends after this time without clients, milliseconds; the last client that names one decides.
   * @default GRYM_HOST_IDLE (in seconds), else one hour
   */
  readonly idleMs?: number | undefined;
}

export interface HostConnectorOptions {
  readonly host: HostOptions;
  readonly findPython: () => string;
  readonly env: Readonly<Record<string, string>>;
  readonly plane: Plane | undefined;
}

const IDLE_MS = 3_600_000;
const MAX_IDLE_MS = 2 ** 31 - 1;

export class HostConnector implements Connector {
  readonly ownsOutput = false;
  readonly #options: HostConnectorOptions;
  readonly #name: string;
  readonly #idleMs: number | undefined;

  /** @throws InvalidArgumentError a name or a time that no host can have */
  constructor(options: HostConnectorOptions) {
    this.#options = options;
    this.#name = checkName(options.host.name ?? DEFAULT_HOST);
    this.#idleMs = checkIdle("host.idleMs", options.host.idleMs) ?? idleOfEnvironment();
  }

  /** @throws HostError there is nowhere to put a socket, or no /proc */
  open(plane: DataPlane, handlers: TransportHandlers): Transport {
    if (process.platform !== "linux") {
      throw new HostError(
        'Hosts share memory through Linux\'s /proc: use `transport: "spawn"` here',
      );
    }
    const { findPython, env } = this.#options;
    const config = {
      name: this.#name,
      path: socketPath(openHostFolder(), this.#name),
      identity: hostIdentity(findPython(), env),
      plane: this.#options.plane ?? "shared_memory",
      idleMs: this.#idleMs ?? IDLE_MS,
    };
    return new AttachTransport({ config, extra: env, idleMs: this.#idleMs }, plane, handlers);
  }

  close(): void {
    // The files are the transport's and the host's.
  }
}

function idleOfEnvironment(): number | undefined {
  const seconds = process.env["GRYM_HOST_IDLE"];
  return checkIdle("GRYM_HOST_IDLE", seconds ? Number(seconds) * 1000 : undefined);
}

function checkIdle(field: string, idleMs: number | undefined): number | undefined {
  if (idleMs === undefined || (idleMs >= 0 && idleMs <= MAX_IDLE_MS)) return idleMs;
  throw new InvalidArgumentError(field, "a time of at least 0 and at most 24 days", idleMs);
}
