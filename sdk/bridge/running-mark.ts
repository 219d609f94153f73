import { closeSync, readSync, writeSync } from "node:fs";
import { openArenaFile } from "./arena.ts";

const BYTES = 8;
const NOTHING = Buffer.alloc(BYTES);

/**
 * Which request Python works on: a number in memory that both processes have. When the process is
 * dead nobody else can tell: of the requests that wait one was being worked on, or none.
 */
export class RunningMark {
  /** Undefined where no file can be made: then nothing is known. */
  readonly fd: number | undefined;

  constructor() {
    for (const plane of ["shared_memory", "file"] as const) {
      let fd: number | undefined;
      try {
        fd = openArenaFile(plane).fd;
        writeSync(fd, NOTHING, 0, BYTES, 0); // where there is no room, it shows here
        this.fd = fd;
        return;
      } catch {
        // The next one; without any the oldest request is taken for the running one.
        if (fd !== undefined) closeSync(fd);
      }
    }
  }

  /** For the child: the mark as its descriptor of that number. */
  environment(descriptor: number): Readonly<Record<string, string>> {
    return this.fd === undefined ? {} : { GRYM_RUNNING_MARK: String(descriptor) };
  }

  get descriptors(): readonly number[] {
    return this.fd === undefined ? [] : [this.fd];
  }

  /** The id of the request; 0 when none was worked on; undefined where nothing is known. */
  read(): number | undefined {
    return this.fd === undefined ? undefined : readMark(this.fd);
  }

  /** A new process begins with nothing. */
  clear(): void {
    if (this.fd !== undefined) writeSync(this.fd, NOTHING, 0, BYTES, 0);
  }

  close(): void {
    if (this.fd !== undefined) closeSync(this.fd);
  }
}

/** What a mark says, for one who has its file open. */
export function readMark(fd: number): number {
  const bytes = Buffer.alloc(BYTES);
  readSync(fd, bytes, 0, BYTES, 0);
  return Number(bytes.readBigUInt64LE());
}
