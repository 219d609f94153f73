/** Finds the host of a name, or starts it. */
import { type ChildProcess, spawn } from "node:child_process";
import { closeSync, fstatSync, readSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { HostError } from "../../errors.ts";
import type { ArenaFile } from "../arena.ts";
import type { HostConfig } from "./host.ts";
import { formatMessage, type ToHost } from "./messages.ts";
import { openNameless } from "./shared-file.ts";

/** The host to look for, and what to start where there is none. */
export interface WantedHost {
  readonly config: HostConfig;
  /** Variables for a host that has to be started. */
  readonly extra: Readonly<Record<string, string>>;
}

const MAIN = join(import.meta.dirname, "main.ts");
/** How soon the host is looked for again. */
export const LOOK_AGAIN_MS = 20;
/** How much of a failed host's last words is shown, bytes. */
const SHOWN_BYTES = 4_096;
/** Nobody listens: there is no file, the file of a dead host, or that of one that died before it took us. */
const NOBODY = ["ENOENT", "ECONNREFUSED", "ECONNRESET"];
/** A host that has as many waiting connections as it may have. */
const BUSY = "EAGAIN";

/**
 * Connects to the host, starting one where none answers; as long as it takes, until `signal` aborts.
 *
 * @throws HostError the host cannot be started, or its socket cannot be used
 */
export async function reachHost(wanted: WantedHost, signal: AbortSignal): Promise<Socket> {
  let starting: StartingHost | undefined;
  try {
    for (;;) {
      signal.throwIfAborted();
      const socket = await tryConnect(wanted.config.path);
      if (socket !== undefined) return socket;
      starting ??= new StartingHost(wanted);
      if (starting.hasFailed) throw starting.failure();
      if (starting.hasEnded) starting = starting.close(); // another one was there first, and is gone
      await wait(LOOK_AGAIN_MS);
    }
  } finally {
    starting?.close();
  }
}

/** @returns undefined: nobody listens there */
export async function tryConnect(path: string): Promise<Socket | undefined> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket | undefined>();
  const socket = connect(path);
  socket.once("connect", () => resolve(socket));
  socket.once("error", (error) => {
    const code = "code" in error ? String(error.code) : "";
    if (NOBODY.includes(code) || code === BUSY) resolve(undefined);
    else reject(new HostError(`The host's socket ${path} cannot be used`, error));
  });
  return await promise;
}

/** Says one thing on a connection of its own; where nobody listens nobody is told. */
export async function sayAside(path: string, message: ToHost): Promise<void> {
  const socket = await tryConnect(path).catch(() => undefined);
  socket?.on("error", () => socket.destroy());
  socket?.unref().end(formatMessage(message));
}

/** A host that was started and does not answer yet. */
class StartingHost {
  readonly #child: ChildProcess;
  /** Nothing is left of it when the host ends. */
  readonly #log: ArenaFile;
  readonly #name: string;
  #error: Error | undefined;

  constructor({ config, extra }: WantedHost) {
    this.#name = config.name;
    this.#log = openNameless("shared_memory");
    const { NODE_OPTIONS: _debuggersAndLoaders, ...env } = process.env;
    this.#child = spawn(process.execPath, ["--no-warnings", MAIN, JSON.stringify(config)], {
      // A session of its own: neither the terminal nor who kills our process group reaches it.
      detached: true,
      stdio: ["ignore", "ignore", this.#log.fd],
      // No folder is kept busy; paths among the variables do not depend on it.
      cwd: "/",
      env: { ...env, ...extra, ...config.identity.env },
    });
    this.#child.once("error", (error) => {
      this.#error = error;
    });
    this.#child.unref();
  }

  get hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  get hasFailed(): boolean {
    return this.#error !== undefined || (this.hasEnded && this.#child.exitCode !== 0);
  }

  failure(): HostError {
    const { size } = fstatSync(this.#log.fd);
    const bytes = Buffer.alloc(Math.min(size, SHOWN_BYTES));
    readSync(this.#log.fd, bytes, 0, bytes.length, size - bytes.length);
    const words = this.#error?.message ?? bytes.toString("utf8").trim();
    return new HostError(`The host "${this.#name}" could not be started: ${words}`);
  }

  close(): undefined {
    closeSync(this.#log.fd);
  }
}
