/** The protocol side of the kernel: routes requests, and messages of the main thread. */

import { randomUUID } from "node:crypto";
import { CellOutputs } from "./cell-outputs.ts";
import { internalErrorReport } from "./cell-syntax-error.ts";
import { CommRegistry } from "./comm-registry.ts";
import { DebugAdapter } from "./debug/debug-adapter.ts";
import { ExecutionQueue } from "./execution-queue.ts";
import { History } from "./history.ts";
import { Interrupter } from "./interrupt.ts";
import { note } from "./kernel-notes.ts";
import type { MainInspector } from "./main-inspector.ts";
import { type KernelRequest, Outbox } from "./outbox.ts";
import { type RequestHandler, requestHandlers } from "./request-handlers.ts";
import type { Sockets } from "./sockets.ts";
import { StdinChannel } from "./stdin-channel.ts";
import type { ToMain, ToWorker } from "./thread-messages.ts";
import { CellTypes } from "./types/cell-types.ts";
import type { Header, JsonObject } from "./wire-message.ts";

/** How long a spinning cell may delay a shutdown before the process is killed. */
const SHUTDOWN_LIMIT_MS = 2000;

/** Wiring of the worker. */
export interface KernelOptions {
  /** Bound, and not listened to. */
  readonly sockets: Sockets;
  readonly nodeGlobals: readonly string[];
  readonly inspector: MainInspector;
  readonly postToMain: (message: ToMain) => void;
}

export class ProtocolKernel {
  readonly #options: KernelOptions;
  readonly #sockets: Sockets;
  readonly #outbox: Outbox;
  readonly #outputs: CellOutputs;
  readonly #queue: ExecutionQueue;
  readonly #stdin: StdinChannel;
  readonly #comms: CommRegistry;
  readonly #interrupter: Interrupter;
  readonly #types: CellTypes;
  readonly #handlers: ReadonlyMap<string, RequestHandler>;
  #ending = false;

  private constructor(options: KernelOptions, outbox: Outbox) {
    const history = new History();
    this.#options = options;
    this.#sockets = options.sockets;
    this.#outbox = outbox;
    this.#outputs = new CellOutputs(outbox);
    this.#stdin = new StdinChannel(outbox, options.postToMain);
    this.#interrupter = new Interrupter(options.postToMain, options.inspector, () =>
      this.#sayStuck(),
    );
    this.#types = new CellTypes({
      heldGlobals: (names, limitMs) => options.inspector.heldGlobals(names, limitMs),
      tell: (cell, text) => this.#outputs.stream({ type: "stream", cell, name: "stderr", text }),
    });
    const debug = new DebugAdapter(options.inspector, (event) =>
      outbox.publish({}, "debug_event", event),
    );
    this.#comms = new CommRegistry({
      outbox,
      post: options.postToMain,
      open: (parent) => {
        const cell = this.#queue.nextCell();
        this.#outputs.open(cell, parent);
        return cell;
      },
      forget: (cell) => this.#outputs.close(cell),
      parentOf: (cell) => this.#outputs.parentOf(cell),
      handled: (parent) => this.#idle(parent),
    });
    this.#handlers = requestHandlers(options.inspector, history, {
      comms: this.#comms,
      types: this.#types,
      debug,
    });
    this.#queue = new ExecutionQueue({
      outbox,
      outputs: this.#outputs,
      history,
      stdin: this.#stdin,
      nodeGlobals: new Set(options.nodeGlobals),
      types: this.#types,
      ready: () => this.#interrupter.settled,
      run: (order) => debug.run(order, options.postToMain),
    });
  }

  /** Answers from now on. */
  static start(options: KernelOptions): ProtocolKernel {
    const { sockets } = options;
    const outbox = new Outbox(sockets, randomUUID());
    const kernel = new ProtocolKernel(options, outbox);
    sockets.listen({
      onRequest: (channel, message) => kernel.#receive({ channel, message }),
      onInput: (message) => kernel.#stdin.receive(message),
      onSubscription: (topic) => outbox.welcome(topic),
      onRefused: (reason) => note(`refused ${reason}`),
    });
    outbox.status({}, "starting");
    // While the client connects: nothing else is to do, and the first completion waits for it.
    kernel.#types.start();
    return kernel;
  }

  /** Takes a message of the main thread. */
  receiveFromMain(message: ToWorker): void {
    switch (message.type) {
      case "stream":
        this.#outputs.stream(message);
        break;
      case "display":
        this.#outputs.publish(message.cell, message.messageType, message.content);
        break;
      case "result":
        this.#result(message);
        break;
      case "clear":
        this.#outputs.publish(message.cell, "clear_output", { wait: message.wait });
        break;
      case "page":
        this.#queue.page(message.cell, message.data);
        break;
      case "late-error":
        this.#outputs.error(message.cell, message.error);
        break;
      case "done":
        this.#queue.done(message.cell, message);
        break;
      case "input":
        this.#stdin.ask(message);
        break;
      case "comm":
        this.#outputs.flush();
        this.#comms.send(message);
        break;
      case "comm-handled":
        this.#outputs.flush();
        this.#comms.handled(message.cell);
        break;
      case "settings":
        this.#types.set(message.settings);
        break;
      case "interrupted":
        this.#interrupter.acknowledge(message.serial);
        break;
      case "terminate":
        void this.end();
    }
  }

  /** Closes everything and lets the main thread run its exit handlers. */
  async end(): Promise<void> {
    if (this.#ending) return;
    this.#ending = true;
    setTimeout(() => process.kill(process.pid, "SIGKILL"), SHUTDOWN_LIMIT_MS);
    // A cell that runs gets to its `finally` blocks; one that spins is stopped.
    await this.#interrupter.interrupt();
    this.#types.close();
    await this.#sockets.close();
    this.#options.inspector.disconnect();
    this.#options.postToMain({ type: "shutdown" });
  }

  #result({ cell, content, text }: Extract<ToWorker, { type: "result" }>): void {
    if (this.#queue.acceptsResult(cell, text)) {
      this.#outputs.publish(cell, "execute_result", content);
    }
  }

  #receive(request: KernelRequest): void {
    const type = request.message.header.msg_type;
    if (type === "execute_request") this.#queue.add(request);
    else if (type === "interrupt_request") this.#interrupt(request);
    else if (type === "shutdown_request") this.#shutdown(request);
    else if (CommRegistry.isCommType(type)) {
      this.#outbox.status(request.message.header, "busy");
      this.#comms.receive(type, request.message);
    } else if (type.endsWith("_request")) void this.#answer(request, type.replace(/_request$/, ""));
    else note(`ignored ${type}`);
  }

  async #answer(request: KernelRequest, name: string): Promise<void> {
    const handler = this.#handlers.get(name) ?? (() => unknownRequest(name));
    const { header, content } = request.message;
    this.#outbox.status(header, "busy");
    this.#outbox.reply(request, `${name}_reply`, await handled(handler, content));
    this.#idle(header);
  }

  /** Ends a request that ran no cell. */
  #idle(parent: Header): void {
    this.#outbox.status(parent, "idle");
    // Front ends show the latest state, and a cell may still be running.
    const running = this.#queue.runningParent;
    if (running !== undefined) this.#outbox.status(running, "busy");
  }

  #interrupt(request: KernelRequest): void {
    const { header } = request.message;
    const isLast = this.#interrupter.isStuck;
    this.#outbox.status(header, "busy");
    this.#queue.interrupt(request.message.header);
    void this.#interrupter.interrupt();
    this.#outbox.reply(request, "interrupt_reply", { status: "ok" });
    this.#outbox.status(header, "idle");
    if (isLast) void this.#die();
  }

  /** Native code has held the main thread for two seconds. */
  #sayStuck(): void {
    const running = this.#queue.runningParent;
    const text =
      "The interrupt has not stopped this after 2 s, so native code must be running (a synchronous call " +
      "of a child process, of a database, of the file system …). It ends with that call; interrupting " +
      "again ends the kernel process now, with all variables, and Jupyter starts a new one.\n";
    this.#outputs.flush();
    this.#outbox.publish(running ?? {}, "stream", { name: "stderr", text });
  }

  /** Ends the process under a cell that nothing else stops; whoever started it restarts it. */
  async #die(): Promise<void> {
    const evalue = "the kernel process was ended, since native code did not stop";
    const traceback = [`\u001b[31mKeyboardInterrupt\u001b[39m: ${evalue}`];
    this.#queue.abandon({ ename: "KeyboardInterrupt", evalue, traceback });
    // The queue says so in a later microtask.
    await new Promise((resolve) => setImmediate(resolve));
    await this.#sockets.close();
    killGroup();
  }

  #shutdown(request: KernelRequest): void {
    const { header, content } = request.message;
    const reply = { status: "ok", restart: content["restart"] === true };
    this.#outbox.status(header, "busy");
    this.#outbox.reply(request, "shutdown_reply", reply);
    this.#outbox.publish(header, "shutdown_reply", reply);
    this.#outbox.status(header, "idle");
    void this.end();
  }
}

/** A client must not wait for ever for what this kernel does not know. */
function unknownRequest(name: string): JsonObject {
  const evalue = `this kernel does not know ${name}_request`;
  return { status: "error", ename: "NotImplementedError", evalue, traceback: [evalue] };
}

/** Kills this process with the children that it waits for; detached ones have groups of their own. */
function killGroup(): void {
  try {
    process.kill(-process.pid, "SIGKILL");
  } catch {
    process.kill(process.pid, "SIGKILL"); // this process leads no group
  }
}

/** Reply of a handler; an error of its own is answered too, so that no client waits for ever. */
async function handled(handler: RequestHandler, content: JsonObject): Promise<JsonObject> {
  try {
    return await handler(content);
  } catch (error) {
    const { ename, evalue, traceback } = internalErrorReport(error);
    note(traceback.join("\n"));
    return { status: "error", ename, evalue, traceback };
  }
}
