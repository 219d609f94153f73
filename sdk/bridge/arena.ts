/**
 * The memory beside the wire: an unlinked file that both processes have open.
 *
 * It has no name, so nothing is left behind when either side is killed. Node owns both arenas;
 * it allocates in the input arena, Python in the output arena.
 */
import { randomUUID } from "node:crypto";
import { closeSync, constants, ftruncateSync, openSync, unlinkSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { SlotAllocator } from "./slot-allocator.ts";

/** How bulk data crosses: tmpfs, an unlinked file on disk, or inside the JSON lines. */
export type Plane = "shared_memory" | "file" | "json";

/** A written piece of the input arena. */
export interface Slot {
  /** Bytes from the start of the arena; a multiple of 64. */
  readonly offset: number;
  readonly bytes: number;
  /** Counts allocations, so that a reference to a freed slot can be told from a live one. */
  readonly generation: number;
}

/** An open arena file. */
export interface ArenaFile {
  readonly fd: number;
  readonly plane: Exclude<Plane, "json">;
}

/** Size of a fresh input arena, bytes. */
const INITIAL_BYTES = 1024 * 1024;
/** Largest input arena, bytes; what does not fit travels inside the line instead. */
const MAX_ARENA_BYTES = 1024 * 1024 * 1024;
/** Linux's O_TMPFILE (asm-generic/fcntl.h: __O_TMPFILE | O_DIRECTORY); Node does not name it. */
const O_TMPFILE = 0o20200000;
const ZEROS = new Uint8Array(1024 * 1024);

/** Opens an unlinked file in shared memory, or in the temporary folder where there is none. */
export function openArenaFile(plane: ArenaFile["plane"]): ArenaFile {
  if (plane === "shared_memory") {
    return { fd: openSync("/dev/shm", O_TMPFILE | constants.O_RDWR, 0o600), plane };
  }
  const path = join(tmpdir(), `grym-synth-${randomUUID()}`);
  const fd = openSync(path, "wx+", 0o600);
  unlinkSync(path);
  return { fd, plane };
}

/** The input arena: Node writes, Python reads. */
export class InputArena {
  readonly fd: number;
  readonly plane: ArenaFile["plane"];
  readonly #slots: SlotAllocator;
  #generation = 0;

  /** @throws NodeJS.ErrnoException the file cannot be made, or there is no room for its start */
  constructor(plane: ArenaFile["plane"]) {
    const file = openArenaFile(plane);
    this.fd = file.fd;
    this.plane = plane;
    this.#slots = new SlotAllocator();
    try {
      this.#grow(INITIAL_BYTES);
    } catch (error) {
      closeSync(file.fd);
      throw error;
    }
  }

  /** Bytes of the arena, and how many of them are in use. */
  get usage(): { readonly size: number; readonly used: number } {
    return { size: this.#slots.size, used: this.#slots.used };
  }

  /**
   * Copies bytes into a new slot.
   *
   * @throws NodeJS.ErrnoException ENOSPC: neither the arena nor its file system has room
   */
  write(bytes: Uint8Array): Slot {
    let offset = this.#slots.allocate(bytes.byteLength);
    if (offset === undefined) {
      this.#grow(this.#slots.size + bytes.byteLength);
      offset = this.#slots.allocate(bytes.byteLength);
    }
    if (offset === undefined) throw noSpace();
    writeFully(this.fd, bytes, offset);
    this.#generation += 1;
    return { offset, bytes: bytes.byteLength, generation: this.#generation };
  }

  /** Gives a slot back; Python must have answered the request that named it. */
  free(slot: Slot): void {
    this.#slots.free(slot.offset);
  }

  close(): void {
    closeSync(this.fd);
  }

  /** Grows to a power of two. Zeros are written, since a hole in tmpfs turns into SIGBUS later. */
  #grow(needed: number): void {
    const size = this.#slots.size;
    let target = Math.max(size, INITIAL_BYTES);
    while (target < needed) target *= 2;
    if (target > MAX_ARENA_BYTES) throw noSpace();
    try {
      for (let at = size; at < target; at += ZEROS.byteLength) writeFully(this.fd, ZEROS, at);
    } catch (error) {
      ftruncateSync(this.fd, size);
      throw error;
    }
    this.#slots.grow(target);
  }
}

/** Opens the arena that Python will fill; it starts empty and Python grows it. */
export function openOutputArena(plane: ArenaFile["plane"]): ArenaFile {
  return openArenaFile(plane);
}

function writeFully(fd: number, bytes: Uint8Array, position: number): void {
  let done = 0;
  while (done < bytes.byteLength) {
    done += writeSync(fd, bytes, done, bytes.byteLength - done, position + done);
  }
}

function noSpace(): NodeJS.ErrnoException {
  const error: NodeJS.ErrnoException = new Error("The arena is full");
  error.code = "ENOSPC";
  return error;
}
