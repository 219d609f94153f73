import { closeSync, ftruncateSync } from "node:fs";
import { InvalidArgumentError, WireError } from "../errors.ts";
import { type ArenaFile, InputArena, openArenaFile, type Plane, type Slot } from "./arena.ts";
import type { Placement } from "./encode-tensors.ts";
import { MAX_INLINE_BYTES, toBase64, toPieces } from "./pieces.ts";
import type { TensorReference } from "./protocol.gen.ts";
import { HEADER_BYTES, readSlot } from "./slot-header.ts";

/** Most bytes on their way to Python. */
const MAX_BYTES = 1024 * 1024 * 1024;

/** Something that was put where Python can read it. */
export interface Placed<Value> {
  readonly value: Value;
  /** To be given back when Python has answered. */
  readonly slots: readonly Slot[];
}

/** What the memory beside the lines is, bytes. */
export interface PlaneUsage {
  readonly size: number;
  /** Taken by what Python has not answered, inside lines too. */
  readonly used: number;
  /** What ever went inside lines. */
  readonly inlineBytes: number;
}

/** There is no room now, and there will be: others are to be answered. */
class NoRoomYet extends Error {}

/**
 * The two arenas, or none of them: then tensors travel inside the lines. They outlive the process:
 * what a request had put into the input arena is there for the next one that is asked it.
 *
 * Tried in turn: shared memory, an unlinked file in the temporary folder, JSON. Where shared memory is
 * small (Docker gives it 64 MB) a tensor that has no room there is tried in the same order: both arenas
 * have a file each in reserve, which has no bytes before it is needed.
 */
export class DataPlane {
  #plane: Plane;
  readonly #reasons: string[] = [];
  readonly #input: InputArena | undefined;
  #output: Pick<ArenaFile, "fd"> | undefined;
  /** Only beside shared memory. */
  #reserve: InputArena | undefined;
  #reserveOutput: Pick<ArenaFile, "fd"> | undefined;
  /** Why there is none, which matters to nobody before there is no room. */
  #whyNoReserve = "";
  readonly #maxBytes: number;
  /** Slots that are not given back, and the bytes of those inside lines. */
  #taken = 0;
  #inlineUsed = 0;
  /** Bytes that ever went inside lines. */
  #inlineBytes = 0;
  /** What shared memory had no room for: the last of each kind. */
  readonly #shortages = new Map<"argument" | "result" | "inside lines", string>();

  /**
   * @param best the best plane to try; tests and machines with a broken /dev/shm choose a lower one
   * @param maxBytes most bytes on their way to Python
   * @param ownsOutput false: the output arena is a host's, and comes with `adoptOutput`
   */
  constructor(best: Plane = "shared_memory", maxBytes: number = MAX_BYTES, ownsOutput = true) {
    this.#maxBytes = maxBytes;
    const reasons = this.#reasons;
    const candidates = (["shared_memory", "file"] as const).slice(
      best === "shared_memory" ? 0 : best === "file" ? 1 : 2,
    );
    for (const candidate of candidates) {
      try {
        // A host's Python may still read what a lost connection has freed. Other bytes there change only an
        // answer that nobody gets; a file that ends before its map would be that process's end (SIGBUS).
        this.#input = new InputArena(candidate, maxBytes, ownsOutput);
        if (ownsOutput) this.#output = openArenaFile(candidate);
        if (candidate === "shared_memory") this.#openReserve(ownsOutput);
        break;
      } catch (error) {
        this.#input?.close();
        this.#input = undefined;
        reasons.push(`${candidate}: ${String(error)}`);
      }
    }
    this.#plane = this.#input?.plane ?? "json";
  }

  get plane(): Plane {
    return this.#plane;
  }

  /** Why a better plane is not in use. */
  get reason(): string | undefined {
    const reasons = [...this.#reasons, ...this.#shortages.values()];
    return reasons.length === 0 ? undefined : reasons.join("; ");
  }

  /** The input arena's file, for a host to open; undefined where there is none. */
  get inputFd(): number | undefined {
    return this.#input?.fd;
  }

  /** As `inputFd`, of what is in reserve beside it. */
  get reserveFd(): number | undefined {
    return this.#reserve?.fd;
  }

  /**
   * Takes the output arena of a host's process, in place of the last one's: ours to close.
   *
   * @param reserve what that process has beside it
   * @param plane of that arena; "json": there is none, and `why` says the reason
   */
  adoptOutput(
    fd: number | undefined,
    reserve: number | undefined,
    plane: Plane,
    why: string | undefined,
  ): void {
    this.#closeOutputs();
    this.#output = fd === undefined ? undefined : { fd };
    this.#reserveOutput = reserve === undefined ? undefined : { fd: reserve };
    const planes = [this.#input?.plane ?? "json", plane];
    this.#plane =
      (["json", "file"] as const).find((lower) => planes.includes(lower)) ?? "shared_memory";
    if (why !== undefined && !this.#reasons.includes(why)) this.#reasons.push(why);
  }

  /** Descriptors for the child, as its 3 and 4; of the reserve, as its 5 and 6. */
  get descriptors(): number[] {
    if (!this.#input || !this.#output) return [];
    const arenas = [this.#input.fd, this.#output.fd];
    if (this.#reserve && this.#reserveOutput) arenas.push(this.#reserve.fd, this.#reserveOutput.fd);
    return arenas;
  }

  /** What the child is told about them. */
  get environment(): Readonly<Record<string, string>> {
    if (!this.#input) return {};
    return this.#reserve
      ? { GRYM_ARENA_IN: "3,5", GRYM_ARENA_OUT: "4,6" }
      : { GRYM_ARENA_IN: "3", GRYM_ARENA_OUT: "4" };
  }

  get usage(): PlaneUsage {
    let [size, used] = [0, this.#inlineUsed];
    for (const arena of [this.#input, this.#reserve]) {
      size += arena?.usage.size ?? 0;
      used += arena?.usage.used ?? 0;
    }
    return { size, used, inlineBytes: this.#inlineBytes };
  }

  /**
   * Copies the tensors of one request where Python can read them.
   *
   * @param mayTakeRoom false: others wait for room already
   * @param encode calls its argument for the bytes of each tensor
   * @returns undefined: there is no room now, but there will be when others are answered
   * @throws InvalidArgumentError a tensor that will never have room
   */
  placeAll<Value>(
    mayTakeRoom: boolean,
    encode: (place: (bytes: Uint8Array) => Placement) => Value,
  ): Placed<Value> | undefined {
    const slots: Slot[] = [];
    let inLine = 0;
    const place = (bytes: Uint8Array): Placement => {
      this.#refuseTooLarge(bytes);
      if (!mayTakeRoom) throw new NoRoomYet();
      const isAlone = this.#taken === slots.length;
      const slot = this.#write(bytes) ?? this.#inline(bytes, isAlone, MAX_INLINE_BYTES - inLine);
      this.#taken += 1;
      slots.push(slot);
      const { offset, generation, pieces, isReserve } = slot;
      if (offset !== undefined) {
        return isReserve ? { offset, generation, reserve: true } : { offset, generation };
      }
      if (pieces) return { upload: slots.length - 1 };
      inLine += bytes.byteLength;
      return { base64: toBase64(bytes) };
    };
    try {
      return { value: encode(place), slots };
    } catch (error) {
      this.free(slots);
      if (error instanceof NoRoomYet) return undefined;
      throw error;
    }
  }

  free(slots: readonly Slot[]): void {
    for (const { offset, bytes, isReserve } of slots) {
      this.#taken -= 1;
      if (offset === undefined) this.#inlineUsed -= bytes;
      else if (isReserve) this.#reserve?.free(offset);
      else this.#input?.free(offset);
    }
  }

  #openReserve(ownsOutput: boolean): void {
    try {
      this.#reserve = new InputArena("file", this.#maxBytes, ownsOutput, 0);
      if (ownsOutput) this.#reserveOutput = openArenaFile("file");
    } catch (error) {
      this.#reserve?.close();
      this.#reserve = undefined;
      this.#whyNoReserve = ` (file: ${String(error)})`;
    }
  }

  /**
   * Into shared memory; into the reserve where that is full.
   *
   * @returns undefined: there is no room now, in neither
   */
  #write(bytes: Uint8Array): Slot | undefined {
    const slot = this.#input?.write(bytes);
    if (slot || !this.#input?.isFileSystemFull || !this.#reserve) return slot;
    if (this.usage.used + bytes.byteLength > this.#maxBytes) return undefined; // together no more than one
    const spilled = this.#reserve.write(bytes);
    if (spilled === undefined) return undefined;
    this.#noteShortage("argument", bytes.byteLength, "which went through a file");
    return { ...spilled, isReserve: true };
  }

  #noteShortage(kind: "argument" | "result" | "inside lines", bytes: number, what: string): void {
    const planes =
      kind === "inside lines" && this.#reserve ? "shared_memory, file" : this.#input?.plane;
    this.#shortages.set(kind, `${planes}: no room for ${bytes} bytes, ${what}`);
  }

  /** One that will never have room does not wait for it, with others behind it. */
  #refuseTooLarge({ byteLength }: Uint8Array): void {
    if (byteLength <= this.#maxBytes) return;
    const expected = `at most ${this.#maxBytes} bytes (\`queue.maxArenaBytes\`)`;
    throw new InvalidArgumentError("tensor", expected, `${byteLength} bytes`);
  }

  /**
   * Inside the line: where there is no arena, or where it will not have room even when it is empty.
   *
   * @param left bytes that its line still takes; what is longer goes before it
   */
  #inline(bytes: Uint8Array, isAlone: boolean, left: number): Slot {
    const { byteLength } = bytes;
    const hasRoom = this.#input === undefined && this.#inlineUsed + byteLength <= this.#maxBytes;
    if (!hasRoom && !isAlone) throw new NoRoomYet();
    if (this.#input?.isFileSystemFull) {
      const what = `which went inside lines${this.#whyNoReserve}`;
      this.#noteShortage("inside lines", byteLength, what);
    }
    this.#inlineUsed += byteLength;
    this.#inlineBytes += byteLength;
    const slot = { offset: undefined, bytes: byteLength, generation: 0 };
    return byteLength > left ? { ...slot, pieces: toPieces(bytes) } : slot;
  }

  /**
   * Copies the bytes of a result's tensor out.
   *
   * @throws WireError the reference lies outside the output arena, or its slot is another one's by now
   */
  read(reference: TensorReference, target: Uint8Array): void {
    const { base64, offset, generation, reserve } = reference;
    if (typeof base64 === "string") {
      const bytes = Buffer.from(base64, "base64");
      if (bytes.length !== target.length)
        throw new WireError("A tensor's bytes do not fit its shape");
      target.set(bytes);
      return;
    }
    const output = reserve === true ? this.#reserveOutput : this.#output;
    if (output === undefined || typeof offset !== "number") {
      throw new WireError("Python sent a tensor without its bytes");
    }
    const found = offset < HEADER_BYTES ? undefined : readSlot(output.fd, target, offset);
    if (found === undefined) {
      throw new WireError("Python sent a tensor that ends outside the arena");
    }
    if (found !== generation) {
      throw new WireError(`Python sent a tensor of slot ${generation}; slot ${found} is there now`);
    }
    if (reserve === true)
      this.#noteShortage("result", target.byteLength, "which came through a file");
  }

  /** A new process begins with an empty output arena; of the old one nothing is read any more. */
  clearOutput(): void {
    for (const file of [this.#output, this.#reserveOutput]) if (file) ftruncateSync(file.fd, 0);
  }

  close(): void {
    this.#input?.close();
    this.#reserve?.close();
    this.#closeOutputs();
  }

  #closeOutputs(): void {
    for (const output of [this.#output, this.#reserveOutput]) if (output) closeSync(output.fd);
  }
}
