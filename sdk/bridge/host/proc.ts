/** What Linux tells of other processes. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

/** Whether a process runs; one that has ended and that its parent has not asked about (a zombie) does not. */
export function isRunning(pid: number): boolean {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "latin1");
    // The name, in parentheses, may hold anything; the state is the first field after it.
    return text.slice(text.lastIndexOf(")") + 2)[0] !== "Z";
  } catch {
    return false;
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

/** The process that listens at a Unix socket, for when it does not answer itself. */
export function findListener(path: string): number | undefined {
  // Num RefCount Protocol Flags Type St Inode Path; connections to it have the same path.
  const inode = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .filter((line) => line.endsWith(` ${path}`))
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
