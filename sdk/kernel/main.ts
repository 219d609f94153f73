/**
 * The kernel process: `node FLAGS boot.mjs CONNECTION_FILE`, with the flags of `../cli/kernel-spec.mjs`.
 *
 * This thread runs the cells and nothing else; the worker owns sockets and protocol and can
 * interrupt this thread while it spins. Without the first flag an interrupt inside a timer would
 * abort the process.
 */

import { createRequire } from "node:module";
import { guardAsyncHooks } from "./async-hooks-guard.ts";
import { cellUrl, currentCell } from "./cell.ts";
import { Comms } from "./comms.ts";
import {
  type DisplayMessage,
  displayContent,
  displayFunction,
  displayType,
  KERNEL,
  type KernelHook,
} from "./display.ts";
import { CellRunner } from "./execute.ts";
import { keptNames } from "./global-names.ts";
import { InputRequests } from "./input.ts";
import { installLoader } from "./module-loader.ts";
import { ModuleVersions } from "./module-versions.ts";
import { exitKernel, guardProcess } from "./process-guard.ts";
import { listen, post } from "./protocol-thread.ts";
import { captureStreams } from "./streams.ts";
import { Tracebacks } from "./traceback.ts";
import { checkSettings } from "./types/type-policy.ts";

// Cells see `require` beside the globals: bundled packages ask whether there is a global one.
const kept = keptNames({ require: () => createRequire(cellUrl(0)) });

const versions = new ModuleVersions();
const tracebacks = new Tracebacks();
const runner = new CellRunner({ post, versions, tracebacks, kept });
const inputs = new InputRequests(post);

/** Number of the cell to which running code belongs; 0 before the first one. */
function cellNumber(): number {
  return (currentCell() ?? runner.last)?.number ?? 0;
}

/** An error that no cell waits for, told in the asynchronous context of its own. */
function reportLate(error: unknown): void {
  post({ type: "late-error", cell: cellNumber(), error: tracebacks.report(error) });
}
const comms = new Comms(post, reportLate);

const hook: KernelHook = {
  publish: (message: DisplayMessage) =>
    post({
      type: "display",
      // An update names its output by id; front ends without a window only listen to the cell that
      // runs, while a progress bar may be moved by a callback that an earlier cell has set up.
      cell: message.update === true ? (runner.last?.number ?? 0) : cellNumber(),
      messageType: displayType(message),
      content: displayContent(message),
    }),
  clearOutput: (wait = false) => post({ type: "clear", cell: cellNumber(), wait }),
  page: (data) => post({ type: "page", cell: cellNumber(), data: { ...data } }),
  hold: (work) => currentCell()?.hold(work),
  comm: (target, data, extras) => comms.open(target, data, extras),
  onComm: (target, listener) => comms.onOpen(target, listener),
  options: (settings) => post({ type: "settings", settings: checkSettings(settings) }),
  get signal(): AbortSignal | undefined {
    return currentCell()?.signal;
  },
};

captureStreams((name, text) => post({ type: "stream", cell: cellNumber(), name, text }));
guardProcess(reportLate, () => post({ type: "terminate" }));
guardAsyncHooks((text) => post({ type: "stream", cell: cellNumber(), name: "stderr", text }));
installLoader(versions);
Object.defineProperties(globalThis, {
  [KERNEL]: { value: hook, configurable: true },
  display: { value: displayFunction(hook), writable: true, configurable: true },
  input: { value: inputs.ask, writable: true, configurable: true },
  clearOutput: { value: hook.clearOutput, writable: true, configurable: true },
  kernelOptions: { value: hook.options, writable: true, configurable: true },
});

listen((message) => {
  switch (message.type) {
    case "run":
      runner.run(message);
      break;
    case "comm":
      comms.receive(message);
      break;
    case "input":
      inputs.answered(message.serial, message.value);
      break;
    case "interrupt":
      runner.interrupt();
      comms.interrupt();
      post({ type: "interrupted", serial: message.serial });
      break;
    case "shutdown":
      exitKernel();
  }
});
