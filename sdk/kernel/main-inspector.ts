/**
 * The worker's inspector session on the main thread: it reaches that thread even while a cell
 * spins, because V8 serves it between two instructions of JavaScript.
 */

import { type Debugger, type Runtime, Session } from "node:inspector";
import { within } from "./deadline.ts";

/** How long an expression may be evaluated for completion or inspection. */
const EVALUATION_LIMIT_MS = 200;
/** How long the main thread is waited for where a caller names no limit: native code lets nobody in. */
const ANSWER_LIMIT_MS = 1000;

/** Parameters of V8's protocol, with those that Node's types leave out. */
interface PureEvaluation extends Runtime.EvaluateParameterType {
  readonly throwOnSideEffect: true;
  readonly timeout: number;
}

/** Events that are heard, and what they carry. */
interface DebuggerEvents {
  readonly "Debugger.scriptParsed": Debugger.ScriptParsedEventDataType;
  readonly "Debugger.paused": Debugger.PausedEventDataType;
  readonly "Debugger.resumed": undefined;
}

export class MainInspector {
  readonly #session = new Session();
  #connected = true;
  #paused = false;

  constructor() {
    this.#session.connectToMainThread();
    this.#session.on("Debugger.paused", () => {
      this.#paused = true;
    });
    this.#session.on("Debugger.resumed", () => {
      this.#paused = false;
    });
  }

  /**
   * Sends a command of V8's protocol.
   *
   * @param limitMs how long the main thread may take to let the inspector in; for ever when absent
   * @throws Error with V8's message, or that native code holds the main thread
   */
  async command<Answer>(
    method: string,
    parameters: object = {},
    limitMs?: number,
  ): Promise<Answer> {
    if (limitMs === undefined) return await this.#command(method, parameters);
    const sent = this.#command<Answer>(method, parameters).then((answer) => ({ answer }));
    const answered = await within(sent, limitMs);
    if (answered !== undefined) return answered.answer;
    throw new Error(
      `the program has not answered for ${limitMs / 1000} s: native code must be running; ask again when it is done`,
    );
  }

  #command<Answer>(method: string, parameters: object): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (!this.#connected) return reject(new Error("the kernel is ending"));
      this.#session.post(method, parameters, (error, answer) => {
        if (error === null)
          resolve(answer as Answer); // V8's protocol says which, by the method
        else reject(new Error(error.message));
      });
    });
  }

  /** Hears of what happens on the main thread. */
  on<Name extends keyof DebuggerEvents>(
    name: Name,
    listener: (parameters: DebuggerEvents[Name]) => void,
  ): void {
    this.#session.on(name as string, (message: { params: DebuggerEvents[Name] }) =>
      listener(message.params),
    );
  }

  /** Ends the JavaScript that runs on the main thread. Settles when that has happened. */
  async terminateExecution(): Promise<void> {
    if (this.#paused) {
      // While it stands at a breakpoint nothing can be ended but with the next step.
      const isEnded = await this.#command("Debugger.resume", { terminateOnResume: true }).then(
        () => true,
        () => false,
      );
      if (isEnded) return;
      // A debugger that is switched off lets the program go on, and tells nobody.
      this.#paused = false;
    }
    // An error means that an earlier termination is still under way, which serves as well.
    await this.#command("Runtime.terminateExecution", {}).catch(() => undefined);
  }

  /** Value of an expression, or undefined when it throws, would change anything, or takes too long. */
  async evaluate(
    expression: string,
    limitMs: number = ANSWER_LIMIT_MS,
  ): Promise<Runtime.RemoteObject | undefined> {
    const parameters: PureEvaluation = {
      expression,
      throwOnSideEffect: true,
      silent: true,
      generatePreview: true,
      timeout: EVALUATION_LIMIT_MS,
    };
    const sent = this.#command<Runtime.EvaluateReturnType>("Runtime.evaluate", parameters);
    const valued = sent.then(
      ({ exceptionDetails, result }) => (exceptionDetails === undefined ? result : undefined),
      () => undefined,
    );
    let isLate = false;
    void valued.then((value) => {
      if (isLate && value?.objectId !== undefined) this.release(value.objectId);
    });
    const value = await within(valued, limitMs);
    isLate = true;
    return value;
  }

  /** Those of the global names that hold a value; undefined when the main thread does not answer in time. */
  async heldGlobals(
    names: readonly string[],
    limitMs: number,
  ): Promise<ReadonlySet<string> | undefined> {
    const test = `${JSON.stringify(names)}.filter((name) => name in globalThis).join()`;
    const held = await this.evaluate(test, limitMs);
    return typeof held?.value === "string" ? new Set(held.value.split(",")) : undefined;
  }

  /** Properties of an object and of its prototypes; getters are named, not called. */
  async properties(objectId: string): Promise<readonly Runtime.PropertyDescriptor[]> {
    const parameters = { objectId, ownProperties: false };
    const sent = this.#command<Runtime.GetPropertiesReturnType>(
      "Runtime.getProperties",
      parameters,
    );
    const answer = await within(
      sent.catch(() => undefined),
      ANSWER_LIMIT_MS,
    );
    return answer?.result ?? [];
  }

  release(objectId: string): void {
    if (this.#connected) this.#session.post("Runtime.releaseObject", { objectId });
  }

  /** Without this the process would wait for "the debugger" when it exits. */
  disconnect(): void {
    this.#connected = false;
    this.#session.disconnect();
  }
}
