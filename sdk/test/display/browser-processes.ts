import { readdirSync, readFileSync } from "node:fs";

/** Ids of the browsers, and their helpers, whose profile lies in a folder. Linux only. */
export function browserProcesses(folder: string): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && commandLine(name).includes(`user-data-dir=${folder}`))
    .map(Number);
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // it ended while we looked
  }
}
