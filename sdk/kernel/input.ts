/** `input(prompt)`: asks the user through the front end. */

import { type Cell, currentCell } from "./cell.ts";
import type { Input } from "./cell-globals.ts";
import type { ToWorker } from "./thread-messages.ts";

/** The front end of the cell takes no input: a notebook that runs without a window, say. */
export class StdinNotImplementedError extends Error {
  override readonly name = "StdinNotImplementedError";

  constructor(reason: string) {
    super(`input() cannot ask anyone: ${reason}`);
  }
}

/** Questions that wait for their answers. */
export class InputRequests {
  readonly #post: (message: ToWorker) => void;
  readonly #waiting = new Map<number, (value: string) => void>();
  #serial = 0;

  constructor(post: (message: ToWorker) => void) {
    this.#post = post;
  }

  readonly ask: Input = async (prompt = "", { password = false } = {}) => {
    const cell = currentCell();
    if (cell === undefined || cell.finished) {
      throw new StdinNotImplementedError("the cell that asks has ended");
    }
    if (!cell.allowStdin) {
      throw new StdinNotImplementedError(
        "this front end takes no input; set the value in the cell",
      );
    }
    return await this.#answer(cell, String(prompt), password);
  };

  answered(serial: number, value: string): void {
    this.#waiting.get(serial)?.(value);
    this.#waiting.delete(serial);
  }

  #answer(cell: Cell, prompt: string, password: boolean): Promise<string> {
    const serial = ++this.#serial;
    const answer = new Promise<string>((resolve) => {
      this.#waiting.set(serial, resolve);
    });
    this.#post({ type: "input", cell: cell.number, serial, prompt, password });
    return cell.interruptible(answer);
  }
}
