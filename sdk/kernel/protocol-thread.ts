/**
 * The worker thread, as the main thread sees it.
 *
 * `boot.mjs` loads this module before the others of the main thread, so that both threads start at once.
 */

import { writeSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { exitKernel } from "./process-guard.ts";
import type { ToMain, ToWorker } from "./thread-messages.ts";

const connectionFile = process.argv[2];
if (connectionFile === undefined) {
  process.stderr.write("usage: node --no-force-async-hooks-checks boot.mjs CONNECTION_FILE\n");
  process.exit(2);
}

const worker = new Worker(new URL("./boot.mjs", import.meta.url), {
  workerData: {
    connectionFile,
    // Before any cell: what the user declares is not among them.
    nodeGlobals: [...Object.getOwnPropertyNames(globalThis), "require"],
  },
  // What the protocol leaves is garbage at once; a young generation that may grow to 48 MB would.
  resourceLimits: { maxYoungGenerationSizeMb: 4 },
});
worker.on("error", (error) => {
  // process.stderr leads to the worker, which is gone.
  writeSync(2, `${error.stack ?? error.message}\n`);
  exitKernel(1);
});

/** What comes before the main thread listens. */
const early: ToMain[] = [];
let take: (message: ToMain) => void = (message) => early.push(message);
worker.on("message", (message: ToMain) => take(message));

/** Hears what the worker sends, also what it has sent before. */
export function listen(listener: (message: ToMain) => void): void {
  take = listener;
  for (const message of early.splice(0)) listener(message);
}

export function post(message: ToWorker): void {
  worker.postMessage(message);
}
