/** Very many small calls: what they leave behind, on both sides. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { ask, backwards } from "../light-python.ts";

/** One look at both processes. */
export interface Footprint {
  readonly calls: number;
  /** Answers so far that were not the call's own. */
  readonly wrong: number;
  /** Resident memory, bytes; of Node after a forced collection. */
  readonly nodeBytes: number;
  readonly pythonBytes: number;
  readonly nodeDescriptors: number;
  readonly pythonDescriptors: number;
  readonly arenaBytes: number;
}

const AT_ONCE = 64;
/** Every tenth call carries a tensor both ways. */
const TENSOR_EVERY = 10;
const SAMPLES = 256;

/** All go to the model thread: none is one that the reader answers. */
async function isAnswered(bridge: GAMABridge, call: number): Promise<boolean> {
  if (call % TENSOR_EVERY !== 0)
    return (await ask(bridge, "say", { text: `${call}` })) === `${call}`;
  const samples = await backwards(bridge, new Float32Array(SAMPLES).fill(call));
  return samples.length === SAMPLES && samples.every((sample) => sample === call);
}

/** @param marks numbers of calls after which to look */
export async function manyCalls(
  bridge: GAMABridge,
  marks: readonly number[],
): Promise<Footprint[]> {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as (options: object) => void;
  const footprints: Footprint[] = [];
  let calls = 0;
  let wrong = 0;
  for (const mark of marks) {
    const askUntil = async (): Promise<void> => {
      while (calls < mark) {
        calls += 1;
        if (!(await isAnswered(bridge, calls))) wrong += 1;
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, askUntil));
    for (let round = 0; round < 3; round += 1) {
      // The last resort also gives back the room that is kept for what comes next.
      collect({ type: "major", execution: "sync", flavor: "last-resort" });
      await new Promise((resolve) => setImmediate(resolve));
    }
    footprints.push({
      calls,
      wrong,
      nodeBytes: process.memoryUsage.rss(),
      pythonBytes: residentBytes(bridge.pid ?? 0),
      nodeDescriptors: descriptors(process.pid),
      pythonDescriptors: descriptors(bridge.pid ?? 0),
      arenaBytes: bridge.stats().arenaBytes,
    });
  }
  return footprints;
}

/** Resident memory of a process, bytes (VmRSS; `VmHWM`: the most that it ever had). */
export function residentBytes(pid: number, field = "VmRSS"): number {
  const found = new RegExp(`${field}:\\s+(\\d+) kB`).exec(
    readFileSync(`/proc/${pid}/status`, "utf8"),
  );
  return Number(found?.[1]) * 1024;
}

/** Open descriptors of a process. */
export function descriptors(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Descriptors of a process that lead into shared memory. */
export function sharedDescriptors(pid: number): number {
  const folder = `/proc/${pid}/fd`;
  const paths = readdirSync(folder).map((name) => {
    try {
      return readlinkSync(`${folder}/${name}`);
    } catch {
      return ""; // the one that reads the folder
    }
  });
  return paths.filter((path) => path.startsWith("/dev/shm/")).length;
}
