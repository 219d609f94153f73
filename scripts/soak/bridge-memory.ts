/** Does memory stay flat over many calls, on both sides of the bridge? */
import { GAMABridge, type RecordRow, type Target } from "../../sdk/index.ts";
import { flatMemory } from "./flat-memory.ts";

const SAMPLE_EVERY = 25;

/** Median of the last tenth and of the second tenth (the first tenth is warm-up). */
function tenths(values: readonly number[]): { second: number; last: number } {
  const size = Math.floor(values.length / 10);
  const median = (part: number[]): number => part.sort((a, b) => a - b)[part.length >> 1] ?? 0;
  return { second: median(values.slice(size, 2 * size)), last: median(values.slice(-size)) };
}

function judge(side: string, values: readonly number[]): { row: RecordRow; target: Target } {
  const { second, last } = tenths(values);
  return {
    row: { part: "bridge memory", side, secondTenthBytes: second, lastTenthBytes: last },
    target: flatMemory(side, second, last),
  };
}

/** `calls` feature extractions of one second of noise through the arena. */
export async function bridgeMemory(
  calls: number,
): Promise<{ rows: RecordRow[]; targets: Target[] }> {
  await using bridge = new GAMABridge();
  const samples = Float32Array.from({ length: 16_000 }, (_, n) => Math.sin(n * n * 0.37) * 0.1);
  const audio = { samples: { data: samples, shape: [samples.length] }, sample_rate: 16_000 };
  const node: number[] = [];
  const python: number[] = [];
  for (let call = 0; call < calls; call += 1) {
    await bridge.executeOperation("extract_features", { audio, model: "fbank" });
    if (call % SAMPLE_EVERY !== 0) continue;
    node.push(process.memoryUsage.rss());
    python.push((await bridge.executeOperation("status", {})).resident_memory);
  }
  const judged = [judge("node", node), judge("python", python)];
  return {
    rows: judged.map(({ row }) => ({ ...row, calls })),
    targets: judged.map(({ target }) => target),
  };
}
