import type { DevtoolsPipe } from "./devtools-pipe.ts";

/** A page of a browser. */
export class BrowserPage {
  readonly #pipe: DevtoolsPipe;
  readonly #session: string;

  constructor(pipe: DevtoolsPipe, session: string) {
    this.#pipe = pipe;
    this.#session = session;
  }

  /** A command of the DevTools protocol to this page. */
  async send(method: string, params: object = {}): Promise<unknown> {
    return await this.#pipe.send(method, params, this.#session);
  }

  /**
   * The value of an expression in the page, awaited and as JSON.
   *
   * @throws an Error with what the expression threw
   */
  async evaluate(expression: string): Promise<unknown> {
    const parameters = { expression, awaitPromise: true, returnByValue: true };
    // Runtime.evaluate of the DevTools protocol.
    const answer = (await this.send("Runtime.evaluate", parameters)) as {
      result: { value?: unknown };
      exceptionDetails?: { text: string; exception?: { description?: string } };
    };
    const failure = answer.exceptionDetails;
    if (failure !== undefined) throw new Error(failure.exception?.description ?? failure.text);
    return answer.result.value;
  }
}
