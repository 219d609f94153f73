/** What of the machine costs and last bits depend on, beyond its processor. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";

/** Limits of the control groups above this process; null: none is set, or none can be read. */
export interface GroupLimits {
  /** Processors, 1.5 for one and a half. */
  readonly cpus: number | null;
  /** Bytes. */
  readonly memory: number | null;
}

/** How much of the machine there is to be had. */
export interface MachineState {
  /** `available`: processors that this process may use; beside it the variables that are set. */
  readonly threads: { readonly available: number; readonly [variable: string]: string | number };
  /** What chooses the clock: `performance`, `powersave`; null where the kernel does not say. */
  readonly governor: string | null;
  readonly cgroup: GroupLimits;
  /** Whether it is a container's: its image cannot be told from inside. */
  readonly container: boolean;
}

/** Variables by which libraries choose their number of threads. */
const THREADS = [
  "OMP_NUM_THREADS",
  "MKL_NUM_THREADS",
  "OPENBLAS_NUM_THREADS",
  "NUMEXPR_NUM_THREADS",
  "UV_THREADPOOL_SIZE",
];
/** Version 1 writes a huge number where there is no limit. */
const UNLIMITED = 2 ** 60;
const GOVERNOR = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";

/** @param root @default "/", another one for tests */
export async function readMachineState(root = "/"): Promise<MachineState> {
  const set = THREADS.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  return {
    threads: { available: availableParallelism(), ...Object.fromEntries(set) },
    governor: await readWord(join(root, GOVERNOR)),
    cgroup: await readGroupLimits(root),
    container: [".dockerenv", "run/.containerenv"].some((path) => existsSync(join(root, path))),
  };
}

/** The smallest limits of all groups above the process (versions 1 and 2, both may be there). */
async function readGroupLimits(root: string): Promise<GroupLimits> {
  const lines = (await readWord(join(root, "proc/self/cgroup")))?.split("\n") ?? [];
  const cpus: number[] = [];
  const memory: number[] = [];
  for (const line of lines) {
    const [, controllers = "", path = ""] = /^\d+:([^:]*):(.*)$/.exec(line) ?? [];
    const mount = join(root, "sys/fs/cgroup");
    const isSecond = controllers === "";
    const own = controllers.split(",");
    if (isSecond || own.includes("cpu")) {
      const top = isSecond ? mount : join(mount, "cpu");
      for (const folder of groupsAbove(top, path)) cpus.push(await readCpus(folder, isSecond));
    }
    if (isSecond || own.includes("memory")) {
      const [top, name] = isSecond
        ? [mount, "memory.max"]
        : [join(mount, "memory"), "memory.limit_in_bytes"];
      for (const folder of groupsAbove(top, path)) {
        memory.push(toLimit(await readWord(join(folder, name))));
      }
    }
  }
  return { cpus: smallest(cpus), memory: smallest(memory) };
}

/** The group and all that contain it; in a container the mount itself may be ours. */
function groupsAbove(top: string, path: string): string[] {
  const folders = [top];
  for (let folder = join(top, path); folder.length > top.length; folder = dirname(folder)) {
    folders.push(folder);
  }
  return folders;
}

async function readCpus(folder: string, isSecond: boolean): Promise<number> {
  if (isSecond) {
    const [quota = "max", period = "1"] =
      (await readWord(join(folder, "cpu.max")))?.split(" ") ?? [];
    return toLimit(quota) / Number(period);
  }
  const quota = toLimit(await readWord(join(folder, "cpu.cfs_quota_us")));
  const period = Number(await readWord(join(folder, "cpu.cfs_period_us")));
  return quota < 0 ? Number.POSITIVE_INFINITY : quota / period;
}

function toLimit(text: string | null): number {
  if (text === null || text === "max") return Number.POSITIVE_INFINITY;
  const limit = Number(text);
  return limit >= UNLIMITED ? Number.POSITIVE_INFINITY : limit;
}

function smallest(limits: readonly number[]): number | null {
  const least = Math.min(...limits);
  return Number.isFinite(least) ? least : null;
}

async function readWord(path: string): Promise<string | null> {
  try {
    return (await readFile(path, "utf8")).trim();
  } catch (error) {
    // No such file, or one that this kernel does not let us read: not known either way.
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
