/** Keeps the kernel alive whatever late code does, and ends it properly when asked. */

import { writeSync } from "node:fs";
import { KeyboardInterrupt } from "./cell.ts";

/** `process.exit` was called by the code of a cell. */
export class ProcessExitRefusedError extends Error {
  override readonly name = "ProcessExitRefusedError";

  constructor(code: unknown) {
    super(
      `process.exit(${code === undefined ? "" : String(code)}) would end the kernel and lose all ` +
        "variables; restart or shut down the kernel from the notebook instead",
    );
  }
}

const exit = process.exit.bind(process);

/**
 * Guards the process.
 *
 * @param report receives errors that no code caught, in the asynchronous context of their cell.
 * @param terminate asked to shut down by a signal.
 */
export function guardProcess(report: (error: unknown) => void, terminate: () => void): void {
  process.exit = (code?: number | string | null): never => {
    throw new ProcessExitRefusedError(code);
  };
  const onError = (error: unknown): void => {
    // What an interrupted cell leaves behind was reported with the interrupt.
    if (!(error instanceof KeyboardInterrupt)) report(error);
  };
  process.on("uncaughtException", onError);
  process.on("unhandledRejection", onError);
  // A terminal sends SIGINT to the whole group; interrupts of cells come as messages.
  process.on("SIGINT", () => undefined);
  process.on("SIGTERM", terminate);
}

/** Runs the `beforeExit` and `exit` handlers, then ends the process. */
export function exitKernel(code = 0): never {
  try {
    process.emit("beforeExit", code);
  } catch (error) {
    // The streams of the process lead to a worker that has closed its sockets.
    writeSync(2, `beforeExit: ${String(error)}\n`);
  }
  return exit(code);
}
