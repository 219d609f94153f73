/** The worker thread: sockets and protocol, the transpiler, the inspector on the main thread. */

import { parentPort, workerData } from "node:worker_threads";
import { bound } from "./bound-sockets.ts";
import { note } from "./kernel-notes.ts";
import { MainInspector } from "./main-inspector.ts";
import { ProtocolKernel } from "./protocol-kernel.ts";
import type { ToWorker } from "./thread-messages.ts";

/** How often the kernel looks whether the server that started it still lives. */
const PARENT_CHECK_MS = 1000;

const port = parentPort;
if (port === null) throw new Error("worker.ts runs as a worker of main.ts only");
const { nodeGlobals }: { nodeGlobals: string[] } = workerData;

const kernel = ProtocolKernel.start({
  sockets: await bound,
  nodeGlobals,
  inspector: new MainInspector(),
  postToMain: (message) => port.postMessage(message),
});
port.on("message", (message: ToWorker) => kernel.receiveFromMain(message));

// A fault of the kernel's own, once it runs, must not take the variables of the session with it.
const noteFault = (error: unknown): void => {
  note(`fault: ${error instanceof Error ? error.stack : error}`);
};
process.on("uncaughtException", noteFault);
process.on("unhandledRejection", noteFault);

// Jupyter sets this variable unless the kernel is meant to outlive its server.
const server = process.env["JPY_PARENT_PID"];
const parent = process.ppid;
if (server !== undefined) {
  setInterval(() => {
    // A server that died while this kernel was starting has left it to process 1 already.
    const isOrphan = process.ppid !== parent || (process.ppid === 1 && server !== "1");
    if (isOrphan) void kernel.end();
  }, PARENT_CHECK_MS);
}
