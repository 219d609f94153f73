/** The host: one Python process for many clients, for as long as anyone may come back to it. */
import { existsSync, mkdirSync, rmSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { dirname } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { HostError } from "../../errors.ts";
import type { Plane } from "../arena.ts";
import { HostClient, type HostServices } from "./host-client.ts";
import { HostedPython } from "./hosted-python.ts";
import { differences, type HostIdentity } from "./identity.ts";
import type { HostStatus, ToHost } from "./messages.ts";
import { identifyProcess } from "./proc.ts";
import { pidNamespace } from "./shared-file.ts";

/** What the starter of a host wants. */
export interface HostConfig {
  readonly name: string;
  /** Path of the socket. */
  readonly path: string;
  readonly identity: HostIdentity;
  readonly plane: Plane;
  /** How long it lives without clients, milliseconds. */
  readonly idleMs: number;
}

/** The starter connects within this time, or has died. */
const FIRST_CLIENT_MS = 10_000;
/** How long the answer to `status` waits for a process that is held by a library. */
const STATUS_MS = 2_000;
/** How long a client may take to read that the host ends. */
const LAST_WORDS_MS = 1_000;
const LAST_LOOK_MS = 5;

export class Host implements HostServices {
  readonly #config: HostConfig;
  readonly #connections = new Set<HostClient>();
  readonly #attached = new Set<HostClient>();
  readonly #began = performance.now();
  readonly #namespace = pidNamespace();
  readonly #onEnd: () => void;
  #server: Server | undefined;
  #python: HostedPython | undefined;
  #idleMs: number;
  #idle: NodeJS.Timeout | undefined;
  #idleEndsAt = 0;
  #lastClient = 0;
  #isEnding = false;

  /** @param onEnd everything is gone but this Node process */
  constructor(config: HostConfig, onEnd: () => void) {
    this.#config = config;
    this.#idleMs = config.idleMs;
    this.#onEnd = onEnd;
    this.#waitForClients(Math.max(config.idleMs, FIRST_CLIENT_MS));
  }

  /** Opens the socket; whoever calls has the name's lock, so a file that is there is of a dead host. */
  async listen(): Promise<void> {
    const { path } = this.#config;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    rmSync(path, { force: true });
    const server = createServer((socket) => this.#accept(socket));
    this.#server = server;
    const listening = Promise.withResolvers<void>();
    server.once("listening", listening.resolve);
    server.once("error", listening.reject);
    const mask = process.umask(0o177); // the socket is made with mode 0600, not changed to it later
    server.listen(path);
    process.umask(mask);
    await listening.promise;
  }

  /** Someone did not find the socket: another program may have removed it. */
  async ensureReachable(): Promise<void> {
    if (!this.#server?.listening || existsSync(this.#config.path)) return;
    this.#server.close();
    await this.listen();
  }

  async openProcess({
    identity,
    namespace,
  }: Extract<ToHost, { host: "hello" }>["data"]): Promise<HostedPython | undefined> {
    const { name, plane } = this.#config;
    const differing = differences(this.#config.identity, identity);
    if (differing.length > 0) {
      throw new HostError(
        `The host "${name}" is of another kind: ${differing.join("; ")}. ` +
          `End it with \`grym-synth stop ${name}\`, or attach to a host of another name`,
      );
    }
    if (namespace !== this.#namespace) {
      throw new HostError(
        `The host "${name}" lives in another container, whose memory cannot be shared from here: ` +
          "set XDG_RUNTIME_DIR or GRYM_CACHE to a folder of this one",
      );
    }
    // One that has ended and is not read to its end yet.
    if (this.#python && this.#python.pid === undefined) await this.#python.ended;
    if (this.#isEnding) return undefined;
    this.#python ??= this.#startPython(plane);
    const python = this.#python;
    if (python.pid === undefined) await python.ended; // there is no such program
    return python;
  }

  noteAttached(client: HostClient, idleMs: number | undefined): void {
    this.#attached.add(client);
    this.#idleMs = idleMs ?? this.#idleMs;
    clearTimeout(this.#idle);
  }

  noteClosed(client: HostClient): void {
    this.#connections.delete(client);
    if (this.#attached.delete(client) && this.#attached.size === 0) {
      this.#waitForClients(this.#idleMs);
    }
  }

  async answerStatus(client: HostClient): Promise<void> {
    client.send({ host: "status", data: await this.#status() });
  }

  kill(pythonPid: number): void {
    if (this.#python?.pid === pythonPid) this.#python.kill();
  }

  /** Ends Python, then the host; clients are told. */
  stop(): void {
    if (this.#isEnding) return;
    this.#isEnding = true;
    clearTimeout(this.#idle);
    this.#server?.close(); // which removes the file: who comes now starts another host
    for (const client of this.#connections) if (!this.#attached.has(client)) client.destroy();
    void this.#end();
  }

  async #end(): Promise<void> {
    await this.#python?.stop();
    // Who is attached has been told, and goes by itself once it has read that.
    const deadline = performance.now() + LAST_WORDS_MS;
    while (this.#connections.size > 0 && performance.now() < deadline) await wait(LAST_LOOK_MS);
    this.#onEnd();
  }

  #accept(socket: Socket): void {
    if (this.#isEnding) {
      socket.destroy();
      return;
    }
    this.#lastClient += 1;
    this.#connections.add(new HostClient(this.#lastClient, socket, this));
  }

  #startPython(plane: Plane): HostedPython {
    const python = new HostedPython(this.#config.identity.python, plane);
    void python.ended.then(() => {
      this.#python = undefined;
    });
    return python;
  }

  #waitForClients(milliseconds: number): void {
    clearTimeout(this.#idle);
    this.#idleEndsAt = performance.now() + milliseconds;
    this.#idle = setTimeout(() => this.stop(), milliseconds);
  }

  async #status(): Promise<HostStatus> {
    const { name, identity, plane } = this.#config;
    const python = this.#python;
    const asked = python?.status().catch(() => undefined);
    const answer = await Promise.race([asked, wait(STATUS_MS, undefined, { ref: false })]);
    const left = Math.max(0, this.#idleEndsAt - performance.now()) / 1000;
    return {
      name,
      pid: process.pid,
      startTicks: identifyProcess(process.pid)?.startTicks ?? 0,
      namespace: this.#namespace,
      pythonPid: python?.pid,
      python: identity.python,
      models: answer?.models,
      memory: answer?.resident_memory,
      plane: python?.plane ?? plane,
      clients: [...this.#attached].map(({ pid }) => pid ?? 0),
      uptimeSeconds: (performance.now() - this.#began) / 1000,
      idleMs: this.#idleMs,
      endsInSeconds: this.#attached.size === 0 ? left : undefined,
    };
  }
}
