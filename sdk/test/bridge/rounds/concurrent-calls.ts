/** Thousands of calls of very different sizes at once. */
import type { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { backwards } from "../light-python.ts";
import { residentBytes } from "./many-calls.ts";
import { Random } from "./random.ts";

export interface ConcurrentOutcome {
  readonly calls: number;
  /** Bytes that went each way. */
  readonly bytes: number;
  /** Of these, when all had asked: what the arena had no room for, and their callers held. */
  readonly heldBytes: number;
  /** Answers that were not the call's own. */
  readonly wrong: number;
  /** By how much the resident memory of each side rose at most, bytes. */
  readonly nodeRise: number;
  readonly pythonRise: number;
  readonly arenaBytes: number;
}

/**
 * @param mostBytes of one tensor; sizes lie between 0 and this, small ones being more frequent
 */
export async function concurrentCalls(
  bridge: GAMABridge,
  { calls, mostBytes, seed }: { calls: number; mostBytes: number; seed: number },
): Promise<ConcurrentOutcome> {
  const random = new Random(seed);
  await bridge.initialize();
  await backwards(bridge, Float32Array.of(1));
  const nodeBefore = process.memoryUsage.rss();
  const pythonBefore = residentBytes(bridge.pid ?? 0);
  let wrong = 0;
  let bytes = 0;
  let nodePeak = 0;
  const one = (number: number): Promise<void> => {
    const length = Math.floor(random.next() ** 8 * (mostBytes / 4));
    const samples = Float32Array.from({ length }, (_, n) => n + number);
    bytes += samples.byteLength;
    const first = samples[0];
    return backwards(bridge, samples).then((answer) => {
      if (answer.length !== length || answer.at(-1) !== first) wrong += 1;
      if (number % 50 === 0) nodePeak = Math.max(nodePeak, process.memoryUsage.rss());
    });
  };
  const answered = Array.from({ length: calls }, (_, number) => one(number));
  const { arenaBytes, arenaUsed } = bridge.stats(); // it shrinks when they are answered
  const heldBytes = Math.max(0, bytes - arenaUsed); // slots are a little longer than what is in them
  await Promise.all(answered);
  return {
    calls,
    bytes,
    heldBytes,
    wrong,
    nodeRise: Math.max(nodePeak, process.memoryUsage.rss()) - nodeBefore,
    pythonRise: residentBytes(bridge.pid ?? 0, "VmHWM") - pythonBefore,
    arenaBytes,
  };
}
