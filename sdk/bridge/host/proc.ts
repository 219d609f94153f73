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

/** The process that listens at a Unix socket, for when it does not answer itself. */
export function findListener(path: string): number | undefined {
  const line = readFileSync("/proc/net/unix", "utf8")
    .split("\n")
    .find((text) => text.endsWith(` ${path}`));
  const inode = line?.trim().split(/\s+/)[6]; // Num RefCount Protocol Flags Type St Inode Path
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
