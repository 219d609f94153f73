/**
 * The memory beside the wire: an unlinked file that both processes have open.
 *
 * It has no name, so nothing is left behind when either side is killed. Node owns both arenas;
 * it allocates in the input arena, Python in the output arena.
 */
import { randomUUID } from "node:crypto";
import { closeSync, constants, ftruncateSync, openSync, statfsSync, unlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ALIGNMENT, SlotAllocator } from "./slot-allocator.ts";
import { clearSlot, HEADER_BYTES, writeFully, writeSlot } from "./slot-header.ts";

/** How bulk data crosses: tmpfs, an unlinked file on disk, or inside the JSON lines. */
export type Plane = "shared_memory" | "file" | "json";

/** A written piece of the input arena, or bytes that travel inside the line. */
export interface Slot {
  /** Bytes from the start of the arena, a multiple of 64, behind the slot's header; undefined: inside the line. */
  readonly offset: number | undefined;
  readonly bytes: number;
  /** Of what is too long for its line: base64, piece by piece, to be sent before it. */
  readonly pieces?: readonly string[];
  /** Counts allocations from 1; it stands in the header for as long as the slot is taken. */
  readonly generation: number;
  /** It lies in the reserve: a file, for what shared memory has no room for. */
  readonly isReserve?: boolean;
}

/** An open arena file. */
export interface ArenaFile {
  readonly fd: number;
  readonly plane: Exclude<Plane, "json">;
  /** A folder of its file system. */
  readonly folder: string;
}

/** Size of a fresh input arena, bytes. */
const INITIAL_BYTES = 1024 * 1024;
/** What an arena keeps for good, bytes: touching fresh memory costs more than copying. */
const KEPT_BYTES = 128 * 1024 * 1024;
/** How long it keeps the rest when nothing is written there. */
const KEPT_MS = 10_000;
/** Linux's O_TMPFILE (asm-generic/fcntl.h: __O_TMPFILE | O_DIRECTORY); Node does not name it. */
const O_TMPFILE = 0o20200000;
/** What a file system says that is full, a quota that is used up, and a file that may not be longer. */
const NO_ROOM: ReadonlySet<unknown> = new Set(["ENOSPC", "EDQUOT", "EFBIG"]);
const ZEROS = new Uint8Array(1024 * 1024);

/** Opens an unlinked file in shared memory, or in the temporary folder where there is none. */
export function openArenaFile(plane: ArenaFile["plane"]): ArenaFile {
  if (plane === "shared_memory") {
    const folder = "/dev/shm";
    return { fd: openSync(folder, O_TMPFILE | constants.O_RDWR, 0o600), plane, folder };
  }
  const folder = tmpdir();
  const path = join(folder, `grym-synth-${randomUUID()}`);
  const fd = openSync(path, "wx+", 0o600);
  unlinkSync(path);
  return { fd, plane, folder };
}

/** The input arena: Node writes, Python reads. */
export class InputArena {
  readonly fd: number;
  readonly plane: ArenaFile["plane"];
  readonly #folder: string;
  readonly #slots = new SlotAllocator();
  readonly #maxBytes: number;
  readonly #mayShrink: boolean;
  #generation = 0;
  #isFileSystemFull = false;
  /** Runs while the arena is larger than what it keeps for good. */
  #shrinking: NodeJS.Timeout | undefined;
  /** Something was written beyond that since the timer began. */
  #isRestNeeded = false;

  /**
   * @param mayShrink false: a process that we cannot end may work on what we have given up
   * @param startBytes its size before anything is written
   * @throws NodeJS.ErrnoException the file cannot be made, or there is no room for its start
   */
  constructor(
    plane: ArenaFile["plane"],
    maxBytes: number,
    mayShrink = true,
    startBytes: number = INITIAL_BYTES,
  ) {
    const file = openArenaFile(plane);
    this.fd = file.fd;
    this.plane = plane;
    this.#folder = file.folder;
    this.#maxBytes = maxBytes;
    this.#mayShrink = mayShrink;
    try {
      this.#grow(Math.min(startBytes, maxBytes));
    } catch (error) {
      closeSync(file.fd);
      throw error;
    }
  }

  /** Bytes of the arena, and how many of them are in use. */
  get usage(): { readonly size: number; readonly used: number } {
    return { size: this.#slots.size, used: this.#slots.used };
  }

  /** Whether the last `write` that found no room might have had more, were it not for the file system. */
  get isFileSystemFull(): boolean {
    return this.#isFileSystemFull;
  }

  /**
   * Copies bytes into a new slot.
   *
   * @returns undefined: neither the arena nor its file system has room now
   */
  write(bytes: Uint8Array): (Slot & { readonly offset: number }) | undefined {
    const needed = HEADER_BYTES + bytes.byteLength;
    let start = this.#slots.allocate(needed);
    if (start === undefined) {
      if (!this.#growFor(needed)) return undefined;
      start = this.#slots.allocate(needed);
    }
    if (start === undefined) return undefined;
    this.#generation += 1;
    const offset = start + HEADER_BYTES;
    try {
      writeSlot(this.fd, this.#generation, bytes, offset);
    } catch (error) {
      this.#slots.free(start);
      throw error;
    }
    this.#isRestNeeded ||= start + needed > KEPT_BYTES;
    return { offset, bytes: bytes.byteLength, generation: this.#generation };
  }

  /** Gives a slot back; Python must have answered the request that named it. */
  free(offset: number): void {
    clearSlot(this.fd, offset);
    this.#slots.free(offset - HEADER_BYTES);
  }

  close(): void {
    clearTimeout(this.#shrinking);
    closeSync(this.fd);
  }

  #shrinkLater(): void {
    this.#isRestNeeded = false;
    this.#shrinking = setTimeout(() => {
      if (this.#isRestNeeded || this.#slots.end > KEPT_BYTES) return this.#shrinkLater();
      this.#shrinking = undefined;
      // Python looks only where a slot is, so that nobody sees the end move.
      ftruncateSync(this.fd, KEPT_BYTES);
      this.#slots.shrink(KEPT_BYTES);
    }, KEPT_MS).unref();
  }

  /** Makes room for one more slot: twice the size if that is to be had, else what is needed. */
  #growFor(bytes: number): boolean {
    const { size, end } = this.#slots;
    const needed = Math.ceil((end + bytes) / ALIGNMENT) * ALIGNMENT;
    this.#isFileSystemFull = false;
    if (needed > this.#maxBytes) return false;
    let doubled = Math.max(size, INITIAL_BYTES);
    while (doubled < needed) doubled *= 2;
    const free = statfsSync(this.#folder);
    for (const target of [Math.min(doubled, this.#maxBytes), needed]) {
      // Half of what is left: results need room, too, and so do others.
      if (target - size <= (free.bavail * free.bsize) / 2 && this.#tryGrow(target)) return true;
    }
    this.#isFileSystemFull = true;
    return false;
  }

  #tryGrow(target: number): boolean {
    try {
      this.#grow(target);
      return true;
    } catch (error) {
      if (error instanceof Error && "code" in error && NO_ROOM.has(error.code)) return false;
      throw error;
    }
  }

  /** Zeros are written, since a hole in tmpfs turns into SIGBUS later. */
  #grow(target: number): void {
    const { size } = this.#slots;
    try {
      for (let at = size; at < target; at += ZEROS.byteLength) {
        writeFully(this.fd, ZEROS.subarray(0, target - at), at);
      }
    } catch (error) {
      ftruncateSync(this.fd, size);
      throw error;
    }
    this.#slots.grow(target);
    const isLarge = this.#mayShrink && target > KEPT_BYTES;
    if (isLarge && this.#shrinking === undefined) this.#shrinkLater();
  }
}
