/** Very many small calls: what they leave behind, on both sides. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

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
}

/** A Python process, and a way to ask it. */
export interface Asked {
  readonly pid: number;
  /** @returns whether the answer was the call's own */
  readonly ask: (call: number) => Promise<boolean>;
}

const AT_ONCE = 64;

/** @param marks numbers of calls after which to look */
export async function manyCalls(
  { pid, ask }: Asked,
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
        if (!(await ask(calls))) wrong += 1;
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
      pythonBytes: residentBytes(pid),
      nodeDescriptors: descriptors(process.pid),
      pythonDescriptors: descriptors(pid),
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
