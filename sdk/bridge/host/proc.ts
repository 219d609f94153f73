/** What Linux tells of other processes. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** A process that is not taken for a later one of the same number. */
export interface ProcessIdentity {
  readonly pid: number;
  /** When it started, clock ticks since the machine did. */
  readonly startTicks: number;
}

/** Whether a process runs; one that has ended and that its parent has not asked about (a zombie) does not. */
export function isRunning(pid: number): boolean {
  const [state = "Z"] = readStat(pid);
  return state !== "Z";
}

/** @returns undefined: there is no such process */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  const startTicks = readStat(pid)[19];
  return startTicks === undefined ? undefined : { pid, startTicks: Number(startTicks) };
}

/** Whether that very process runs. */
export function isSameRunning({ pid, startTicks }: ProcessIdentity): boolean {
  return isRunning(pid) && identifyProcess(pid)?.startTicks === startTicks;
}

/** @returns undefined: there is no such process */
export function parentOf(pid: number): number | undefined {
  const parent = readStat(pid)[1];
  return parent === undefined ? undefined : Number(parent);
}

/** Fields of /proc/PID/stat from the state on (proc(5) counts it as the third); empty where there is none. */
function readStat(pid: number): string[] {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything.
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return [];
  }
}

/** Ends a process at once; one that is gone is no error. */
export function killProcess(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/** Flags of a socket that takes connections (__SO_ACCEPTCON, linux/net.h). */
const LISTENS = "00010000";

/**
 * The process that listens at a Unix socket.
 *
 * @param path of its file, or its abstract address
 * @returns undefined: nobody, or a process that we may not look into
 */
export function findListener(path: string): number | undefined {
  const shown = path.replace(/^\0/, "@"); // as the kernel writes an abstract one
  // Num RefCount Protocol Flags Type St Inode Path; connections to it have the same path.
  const inode = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .filter((line) => line.endsWith(` ${shown}`))
    .map((line) => line.split(/\s+/))
    .find(([, , , flags]) => flags === LISTENS)?.[6];
  if (inode === undefined) return undefined;
  const link = `socket:[${inode}]`;
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => listDescriptors(pid).includes(link));
}

/** What the descriptors of a process lead to; empty where we may not look. */
function listDescriptors(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return readdirSync(folder).map((fd) => {
      try {
        return readlinkSync(`${folder}/${fd}`);
      } catch {
        return ""; // closed meanwhile
      }
    });
  } catch {
    return [];
  }
}

/**
 * This machine since its last start, and the network namespace of this process: where abstract sockets are
 * one. A folder may be shared by several of them.
 *
 * @throws Error there is no /proc
 */
export function machineId(): string {
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return `${boot} ${readlinkSync("/proc/self/ns/net")}`;
}
