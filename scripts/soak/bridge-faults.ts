/** Does the bridge lose, mix up, tear or leak anything, when it is killed, given up and flooded for long? */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import {
  type BridgeOptions,
  GAMABridge,
  type OperationData,
  type RecordRow,
  type Target,
} from "../../sdk/index.ts";
import { backwards, lightBridge } from "../../sdk/test/bridge/light-python.ts";
import { abortRounds } from "../../sdk/test/bridge/rounds/abort-rounds.ts";
import { concurrentCalls } from "../../sdk/test/bridge/rounds/concurrent-calls.ts";
import { fuzzLines } from "../../sdk/test/bridge/rounds/fuzz-lines.ts";
import { type KillOutcome, killRounds } from "../../sdk/test/bridge/rounds/kill-rounds.ts";
import type { Footprint } from "../../sdk/test/bridge/rounds/many-calls.ts";
import type { ManyCalls } from "./many-calls.ts";

/** What a part of the soak has found. */
export interface PartOutcome {
  readonly rows: RecordRow[];
  readonly targets: Target[];
}

const MB = 1e6;
const SEED = 5;
/** The kills are ours: no request is to blame, and no number of them is too many. */
const restart = { maxAttempts: 10_000, maxCrashesPerMinute: Number.POSITIVE_INFINITY };

function atMost(name: string, value: number, goal: number): Target {
  return { name, value, goal, better: "lower" };
}

function killed(part: string, outcome: KillOutcome): PartOutcome {
  const { lost, duplicated, wrong } = outcome;
  return {
    rows: [{ part, ...outcome }],
    targets: [
      atMost("calls lost", lost, 0),
      atMost("answers to calls that had theirs", duplicated, 0),
      atMost("answers that differ from a clean run", wrong, 0),
    ],
  };
}

/** Kills of the process with a model that needs no time. */
export async function lightKills(kills: number): Promise<PartOutcome> {
  const { bridge } = lightBridge({ restart });
  await using _ = bridge;
  const clips = Array.from({ length: 64 }, (_clip, n) =>
    Float32Array.from({ length: 700 * n }, (_x, i) => Math.sin(i * n)),
  );
  const outcome = await killRounds({
    bridge,
    kills,
    seed: SEED,
    questions: clips.length,
    ask: (question, options) => backwards(bridge, clips[question] ?? new Float32Array(0), options),
    isEqual: isSame,
    atOnce: 16,
    withinMs: 40,
  });
  return killed("kills of a light process", outcome);
}

/** Kills of the process with both shipped models, which the next one loads again. */
export async function modelKills(kills: number): Promise<PartOutcome> {
  const quiet: BridgeOptions = { restart, onLog: () => undefined };
  await using bridge = new GAMABridge(quiet);
  const audio = (n: number): OperationData<"process_audio">["audio"] => ({
    samples: Float32Array.from(
      { length: 16_000 + 4_000 * n },
      (_x, i) => Math.sin(i * 0.01 * (n + 1)) / 2,
    ),
    sample_rate: 16_000,
  });
  await bridge.executeOperation("load_model", { model: "wav2vec2-tiny" });
  await bridge.executeOperation("load_model", { model: "gama-tiny" });
  const outcome = await killRounds({
    bridge,
    kills,
    seed: SEED,
    questions: 8,
    ask: async (n, options) => {
      if (n % 2 === 0) {
        const data = { audio: audio(n), model: "wav2vec2-tiny" };
        const { features } = await bridge.executeOperation("extract_features", data, options);
        return Array.isArray(features) ? features : features.data;
      }
      const data = { audio: audio(n), model: "gama-tiny", options: { max_new_tokens: 8 } };
      return (await bridge.executeOperation("process_audio", data, options)).result;
    },
    isEqual: isSame,
    atOnce: 4,
    withinMs: 1_000,
  });
  return killed("kills with both models", outcome);
}

function isSame(a: unknown, b: unknown): boolean {
  if (!(ArrayBuffer.isView(a) && ArrayBuffer.isView(b))) return a === b;
  return Buffer.compare(bytesOf(a), bytesOf(b)) === 0;
}

function bytesOf({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Small calls: memory, descriptors and shared memory from the first tenth on to the end. */
export async function smallCalls(calls: number): Promise<PartOutcome> {
  const part = "small calls";
  const { looks, shared } = await inOwnNode("bridge", calls);
  const bare = await inOwnNode("bare", calls);
  const grown = (found: readonly Footprint[], of: "nodeBytes" | "pythonBytes"): number =>
    ((found.at(-1)?.[of] ?? Number.NaN) - (found[0]?.[of] ?? Number.NaN)) / MB;
  const [first] = looks;
  const last = looks.at(-1);
  if (first === undefined || last === undefined)
    throw new Error("unreachable: there are ten looks");
  return {
    rows: [
      ...looks.map((look) => ({ part, way: "bridge", ...look })),
      ...bare.looks.map((look) => ({ part, way: "bare line loop", ...look })),
    ],
    targets: [
      atMost("answers that were not the call's own", last.wrong, 0),
      atMost("growth of Node after the first tenth, MB", grown(looks, "nodeBytes"), 5),
      atMost(
        "the same, less that of Node with a bare line loop, MB",
        grown(looks, "nodeBytes") - grown(bare.looks, "nodeBytes"),
        5,
      ),
      atMost("growth of Python after the first tenth, MB", grown(looks, "pythonBytes"), 5),
      atMost("descriptors more in Node", last.nodeDescriptors - first.nodeDescriptors, 0),
      atMost("descriptors more in Python", last.pythonDescriptors - first.pythonDescriptors, 0),
      atMost("pieces of shared memory left", shared, 0),
    ],
  };
}

async function inOwnNode(way: "bridge" | "bare", calls: number): Promise<ManyCalls> {
  const script = join(import.meta.dirname, "many-calls.ts");
  const { stdout } = await promisify(execFile)(process.execPath, [script, way, String(calls)]);
  return JSON.parse(stdout) as ManyCalls; // our own script's
}

/** Aborts at random moments for some minutes. */
export async function randomAborts(minutes: number): Promise<PartOutcome> {
  const part = "random aborts";
  const { bridge } = lightBridge();
  await using _ = bridge;
  const end = performance.now() + minutes * 60_000;
  const outcome = await abortRounds({
    bridge,
    seed: SEED,
    atOnce: 32,
    isOver: () => performance.now() >= end,
  });
  return {
    rows: [{ part, minutes, ...outcome, starts: bridge.stats().starts }],
    targets: [
      atMost("inputs torn by another call", outcome.torn, 0),
      atMost("answers that were not the call's own", outcome.wrong, 0),
      atMost("bytes of the arena still taken", outcome.leaked, 0),
      atMost("restarts", bridge.stats().starts - 1, 0),
    ],
  };
}

/** Lines that no client writes. */
export async function fuzzedLines(lines: number): Promise<PartOutcome> {
  const outcome = await fuzzLines(lines, SEED);
  const allowed = outcome.bytesAtTenth * 1.05 + 5 * MB;
  return {
    rows: [{ part: "fuzzed lines", ...outcome }],
    targets: [
      atMost("exit code", outcome.exitCode ?? 1, 0),
      atMost("lines from Python that are no JSON", outcome.garbled, 0),
      atMost("memory in the end over allowed", outcome.bytesAtEnd / allowed, 1),
    ],
  };
}

/** Calls of 0 to 2 MB, all at once. */
export async function callsAtOnce(calls: number): Promise<PartOutcome> {
  const { bridge } = lightBridge();
  await using _ = bridge;
  const outcome = await concurrentCalls(bridge, { calls, mostBytes: 2e6, seed: SEED });
  const { arenaBytes, heldBytes, pythonRise, nodeRise } = outcome;
  return {
    rows: [{ part: "calls at once", ...outcome }],
    targets: [
      atMost("answers that were not the call's own", outcome.wrong, 0),
      // Both arenas are mapped by Python; Node maps none. What has no room there waits for it in its
      // caller's array. A line, its call and the answers that are not collected yet come on top.
      atMost("growth of Python over both arenas", pythonRise / (2 * arenaBytes), 1),
      atMost(
        "growth of Node over samples that wait for room, kB per call",
        (nodeRise - heldBytes) / 1e3 / calls,
        20,
      ),
    ],
  };
}
