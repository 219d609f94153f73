/** Files without a name, shared by their number: Node cannot receive descriptors. */
import { closeSync, constants, fstatSync, openSync, readlinkSync } from "node:fs";
import { HostError } from "../../errors.ts";
import { type ArenaFile, openArenaFile } from "../arena.ts";
import type { SharedFile } from "./messages.ts";

/**
 * Opens a new one in memory, or on disk where that is not to be had.
 *
 * @throws NodeJS.ErrnoException there is no room anywhere
 */
export function openNameless(best: ArenaFile["plane"]): ArenaFile {
  if (best === "file") return openArenaFile("file");
  try {
    return openArenaFile("shared_memory");
  } catch {
    return openArenaFile("file");
  }
}

/** A file of ours, for another process. */
export function shareFile(fd: number): SharedFile {
  return { fd, id: fileId(fd) };
}

/** Where another process finds a file of ours. */
export function pathOfDescriptor(pid: number, fd: number): string {
  return `/proc/${pid}/fd/${fd}`;
}

/**
 * Opens another process's file for reading.
 *
 * @returns a descriptor that the caller closes
 * @throws HostError it is gone, or not the one that was meant
 */
export function openShared(pid: number, { fd, id }: SharedFile): number {
  const path = pathOfDescriptor(pid, fd);
  let opened: number;
  try {
    opened = openSync(path, constants.O_RDONLY);
  } catch (error) {
    throw new HostError(`${path} cannot be opened`, error);
  }
  if (fileId(opened) === id) return opened;
  closeSync(opened);
  throw new HostError(`${path} is another file than the one that was meant`);
}

/** As `openShared`, of all of them or none; undefined stays so. */
export function openAllShared(
  pid: number,
  files: readonly (SharedFile | undefined)[],
): (number | undefined)[] {
  const opened: (number | undefined)[] = [];
  try {
    for (const file of files) opened.push(file && openShared(pid, file));
    return opened;
  } catch (error) {
    for (const fd of opened) if (fd !== undefined) closeSync(fd);
    throw error;
  }
}

/** What process ids here refer to: equal in two processes that see each other's /proc. */
export function pidNamespace(): string {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch (error) {
    throw new HostError("A host needs Linux's /proc", error);
  }
}

function fileId(fd: number): string {
  const { dev, ino } = fstatSync(fd, { bigint: true });
  return `${dev}:${ino}`;
}
