/** What the kernel itself has to say, in the terminal of the server that started it. */

import { writeSync } from "node:fs";

/** Written at once: the worker's own stderr would wait for the main thread, which may spin. */
export function note(text: string): void {
  writeSync(2, `[grym-synth kernel] ${text}\n`);
}
