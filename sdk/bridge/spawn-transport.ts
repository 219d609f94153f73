/** The process belongs to this Node process, and dies with it. */
import { type ProcessEnd, ProcessStartError } from "../errors.ts";
import { LineReader } from "./line-reader.ts";
import type { DataPlane } from "./plane.ts";
import { MAX_LINE_BYTES } from "./protocol.gen.ts";
import { PythonProcess } from "./python-process.ts";
import { RunningMark } from "./running-mark.ts";
import type { Connector, Transport, TransportHandlers } from "./transport.ts";

export interface SpawnOptions {
  /** Called for each process: the Python to run. */
  readonly findPython: () => string;
  /** Environment variables beside those of this process. */
  readonly env: Readonly<Record<string, string>>;
}

/** Arguments that make Python the process that holds the models. */
export const PYTHON_ARGS = ["-u", "-X", "faulthandler", "-m", "gama_operations"] as const;

export class SpawnConnector implements Connector {
  readonly ownsOutput = true;
  readonly #options: SpawnOptions;
  #mark: RunningMark | undefined;

  constructor(options: SpawnOptions) {
    this.#options = options;
  }

  open(plane: DataPlane, handlers: TransportHandlers): Transport {
    const command = this.#options.findPython();
    this.#mark ??= new RunningMark();
    this.#mark.clear();
    plane.clearOutput();
    try {
      return new SpawnTransport(command, this.#options.env, plane, this.#mark, handlers);
    } catch (error) {
      throw new ProcessStartError(command, String(error), "", error);
    }
  }

  close(): void {
    this.#mark?.close();
    this.#mark = undefined;
  }
}

class SpawnTransport implements Transport {
  readonly command: string;
  readonly host = undefined;
  readonly #process: PythonProcess;
  readonly #mark: RunningMark;

  constructor(
    command: string,
    env: SpawnOptions["env"],
    plane: DataPlane,
    mark: RunningMark,
    handlers: TransportHandlers,
  ) {
    this.command = command;
    this.#mark = mark;
    const reader = new LineReader(MAX_LINE_BYTES, handlers);
    const arenas = plane.descriptors;
    this.#process = new PythonProcess({
      command,
      args: PYTHON_ARGS,
      env: {
        ...process.env,
        PYTHONUNBUFFERED: "1",
        GRYM_PARENT_PID: String(process.pid),
        ...plane.environment,
        ...mark.environment(3 + arenas.length),
        ...env,
      },
      descriptors: [...arenas, ...mark.descriptors],
      onOutput: (chunk) => {
        handlers.onHeard();
        reader.push(chunk);
      },
      onDrain: handlers.onDrain,
      onStderr: handlers.onStderr,
      onEnd: (end: ProcessEnd, startError) =>
        handlers.onEnd({ end, startError, failure: undefined, running: mark.read() }),
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  get isRunning(): boolean {
    return this.#process.isRunning;
  }

  worksOnAnother(id: number): boolean {
    const running = this.#mark.read() ?? 0;
    return running > 0 && running !== id;
  }

  write(line: string): boolean {
    return this.#process.write(line);
  }

  note(text: string): void {
    this.#process.note(text);
  }

  hold(isNeeded: boolean): void {
    if (isNeeded) this.#process.ref();
    else this.#process.unref();
  }

  kill(): void {
    this.#process.kill("SIGKILL");
  }

  async stop(): Promise<void> {
    await this.#process.stop();
  }
}
