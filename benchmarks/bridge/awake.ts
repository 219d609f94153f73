import { spawn } from "node:child_process";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { findPython } from "grym-synth";
import { PEERS } from "./line-client.ts";

/** What the cores do between the calls. */
export type Cores = "awake" | "idle";

/**
 * Keeps every core busy with what yields to anything else, until it is disposed. A virtual machine gives
 * a core that has nothing to do away; to have it back takes up to a millisecond, which would hide what
 * a call takes. Nobody's models leave the machine idle, either.
 */
export function keepAwake(): Disposable {
  const script = join(PEERS, "spin.py");
  const spinners = Array.from({ length: availableParallelism() }, () =>
    spawn(findPython(), [script], { stdio: ["ignore", "ignore", "inherit"] }),
  );
  return {
    [Symbol.dispose]() {
      for (const spinner of spinners) spinner.kill();
    },
  };
}
