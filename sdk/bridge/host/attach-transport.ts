/** The process belongs to a host, which outlives this Node process and may have other clients. */
import { type GrymError, HostError, type ProcessEnd } from "../../errors.ts";
import type { DataPlane } from "../plane.ts";
import type { HostReference, Transport, TransportHandlers } from "../transport.ts";
import { type AttachOptions, HostConnection } from "./host-connection.ts";
import { HostFiles } from "./host-files.ts";
import type { EndData } from "./messages.ts";
import { killProcess } from "./proc.ts";
import { sayAside } from "./reach-host.ts";

/** A host that is asked to kill its Python and does not is killed itself, and Python with it. */
const KILL_MS = 2_000;
/** How long a host may take to notice that we go. */
const LEAVE_MS = 1_000;

export class AttachTransport implements Transport {
  readonly #options: AttachOptions;
  readonly #handlers: TransportHandlers;
  readonly #files: HostFiles;
  readonly #connection: HostConnection;
  readonly #gone = Promise.withResolvers<void>();
  /** What was written before the host let us in. */
  #waiting: string[] | undefined = [];
  #isHeld = true;

  constructor(options: AttachOptions, plane: DataPlane, handlers: TransportHandlers) {
    this.#options = options;
    this.#handlers = handlers;
    this.#files = new HostFiles(plane);
    this.#connection = new HostConnection(options, this.#files, {
      ...handlers,
      onEntered: () => this.#flush(),
      onOver: (failure, end) => this.#finish(failure, end),
    });
  }

  get command(): string {
    return this.#options.config.identity.python;
  }

  get pid(): number | undefined {
    return this.#connection.welcome?.pythonPid || undefined;
  }

  get isRunning(): boolean {
    return !this.#connection.isOver;
  }

  get host(): HostReference | undefined {
    const { welcome } = this.#connection;
    return welcome && { name: this.#options.config.name, pid: welcome.hostPid };
  }

  worksOnAnother(id: number): boolean {
    return this.#files.worksOnAnother(this.#connection.client, id);
  }

  write(line: string): boolean {
    if (this.#waiting === undefined) return this.#connection.write(line);
    this.#waiting.push(line);
    return true;
  }

  note(): void {
    // The host has seen it, too, and its tail is what an end shows.
  }

  hold(isNeeded: boolean): void {
    this.#isHeld = isNeeded;
    if (this.#waiting) return; // on the way to the host it is held anyway
    this.#connection.hold(isNeeded);
  }

  kill(): void {
    const { client, welcome } = this.#connection;
    if (client === undefined || welcome === undefined) {
      this.#connection.giveUp();
      return;
    }
    const { hostPid, pythonPid } = welcome;
    const message = { host: "kill", data: { pythonPid } } as const;
    this.#connection.say(message); // where somebody has removed the socket this is the only way
    // Python may not have read what we wrote, and then what else is there is not read either.
    void sayAside(this.#options.config.path, message);
    const timer = setTimeout(() => {
      // It hangs itself; Python dies with it.
      if (this.isRunning) killProcess(hostPid);
    }, KILL_MS);
    void this.#gone.promise.then(() => clearTimeout(timer));
  }

  /** Leaves the host, which frees what we had; it goes on. */
  async stop(): Promise<void> {
    const connection = this.#connection;
    if (connection.client === undefined) connection.giveUp();
    connection.hold(true);
    connection.close();
    const timer = setTimeout(() => connection.destroy(), LEAVE_MS);
    await this.#gone.promise;
    clearTimeout(timer);
  }

  #flush(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = undefined;
    for (const line of waiting) this.write(line);
    this.hold(this.#isHeld);
  }

  #finish(failure: GrymError | undefined, told: EndData | undefined): void {
    const running = this.#files.running(this.#connection.client);
    this.#files.closeMark();
    this.#gone.resolve();
    const { name } = this.#options.config;
    const stopped = told?.isStopped
      ? new HostError(`The host "${name}" was stopped while this process was attached to it`)
      : undefined;
    // Where the host died itself, the kernel has killed its Python.
    const { exitCode = null, signal = "SIGKILL", stderrTail = "" } = told ?? {};
    const end: ProcessEnd = { exitCode, signal, stderrTail };
    const startError = told?.startError;
    this.#handlers.onEnd({
      end,
      running,
      failure: failure ?? stopped,
      startError: startError && Object.assign(new Error(startError.message), startError),
    });
  }
}
