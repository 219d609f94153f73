import { existsSync, fstatSync, readSync } from "node:fs";
import { afterEach, describe, expect, it, vi } from "vitest";
import { InputArena, openArenaFile } from "../../bridge/arena.ts";
import { DataPlane } from "../../bridge/plane.ts";
import type { TensorReference } from "../../bridge/protocol.gen.ts";
import { clearSlot, HEADER_BYTES, readSlot, writeSlot } from "../../bridge/slot-header.ts";
import { InvalidArgumentError, WireError } from "../../errors.ts";

const planes = (["shared_memory", "file"] as const).filter(
  (plane) => plane === "file" || existsSync("/dev/shm"),
);

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllEnvs();
});

const MAX_BYTES = 2 ** 30;
const MIB = 2 ** 20;

function written(
  arena: InputArena,
  bytes: Uint8Array,
): NonNullable<ReturnType<InputArena["write"]>> {
  const slot = arena.write(bytes);
  if (slot === undefined) throw new Error("expected room");
  return slot;
}

describe.each(planes)("InputArena on %s", (plane) => {
  it("has no name in any folder", () => {
    const { fd } = openArenaFile(plane);
    expect(fstatSync(fd).nlink).toBe(0);
  });

  it("grows to hold what is written, and every byte arrives", () => {
    const arena = new InputArena(plane, MAX_BYTES);
    const bytes = Uint8Array.from({ length: 3_000_001 }, (_, index) => (index * 31) % 251);
    const slot = written(arena, bytes);
    const back = new Uint8Array(bytes.length);
    expect(readSync(arena.fd, back, 0, back.length, slot.offset)).toBe(bytes.length);
    expect(Buffer.compare(back, bytes)).toBe(0);
    expect(arena.usage.size).toBe(4 * 1024 * 1024);
    expect(fstatSync(arena.fd).size).toBe(4 * 1024 * 1024);
    arena.close();
  });

  it("counts a generation for each slot and uses freed room again", () => {
    const arena = new InputArena(plane, MAX_BYTES);
    const first = written(arena, new Uint8Array(100));
    arena.free(first.offset);
    const second = written(arena, new Uint8Array(100));
    expect(second).toEqual({ offset: first.offset, bytes: 100, generation: first.generation + 1 });
    expect(arena.usage.used).toBe(HEADER_BYTES + 128);
    arena.close();
  });

  it("takes no more than it may, and uses all of that", () => {
    const arena = new InputArena(plane, 5 * MIB);
    const first = written(arena, new Uint8Array(3 * MIB));
    expect(arena.write(new Uint8Array(3 * MIB))).toBeUndefined();
    arena.free(first.offset);
    const all = new Uint8Array(5 * MIB - HEADER_BYTES);
    expect(written(arena, all).offset).toBe(HEADER_BYTES);
    expect(fstatSync(arena.fd).size).toBe(5 * MIB);
    arena.close();
  });

  it("has the generation before the bytes for as long as the slot is taken", () => {
    const arena = new InputArena(plane, MAX_BYTES);
    written(arena, new Uint8Array(10));
    const { offset, generation } = written(arena, Uint8Array.of(1, 2, 3));
    const back = new Uint8Array(3);
    expect([generation, readSlot(arena.fd, back, offset)]).toEqual([2, 2]);
    expect(back).toEqual(Uint8Array.of(1, 2, 3));
    arena.free(offset);
    arena.free(offset);
    expect(readSlot(arena.fd, back, offset)).toBe(0);
    arena.close();
  });

  it("gives back what a burst needed, when nothing was written there for a while", () => {
    vi.useFakeTimers();
    const arena = new InputArena(plane, MAX_BYTES);
    const bytes = new Uint8Array(65 * MIB);
    const size = (): number => fstatSync(arena.fd).size / MIB;
    const burst = (): void => {
      const slots = [written(arena, bytes), written(arena, bytes)];
      for (const { offset } of slots) arena.free(offset);
    };
    burst();
    vi.advanceTimersByTime(9_000);
    burst();
    expect(size()).toBe(256); // it is needed still
    vi.advanceTimersByTime(1_000);
    expect(size()).toBe(256);
    const small = written(arena, Uint8Array.of(1, 2, 3));
    vi.advanceTimersByTime(10_000);
    expect(size()).toBe(128);
    const back = new Uint8Array(3);
    readSync(arena.fd, back, 0, 3, small.offset);
    expect(back).toEqual(Uint8Array.of(1, 2, 3));
    expect(vi.getTimerCount()).toBe(0);
    burst();
    expect(size()).toBe(256);
    arena.close();
    expect(vi.getTimerCount()).toBe(0);
  });

  it("keeps what is behind a slot that Python still has", () => {
    vi.useFakeTimers();
    const arena = new InputArena(plane, MAX_BYTES);
    const first = written(arena, new Uint8Array(140 * MIB));
    const last = written(arena, Uint8Array.of(7));
    arena.free(first.offset);
    vi.advanceTimersByTime(60_000);
    expect(fstatSync(arena.fd).size).toBe(256 * MIB);
    const back = new Uint8Array(1);
    readSync(arena.fd, back, 0, 1, last.offset);
    expect(back).toEqual(Uint8Array.of(7));
    arena.free(last.offset);
    vi.advanceTimersByTime(20_000);
    expect(fstatSync(arena.fd).size).toBe(128 * MIB);
    arena.close();
  });
});

describe("DataPlane", () => {
  it("takes the best plane that works, and says why it is not a better one", () => {
    const plane = new DataPlane();
    expect(plane.plane).toBe(existsSync("/dev/shm") ? "shared_memory" : "file");
    expect(plane.descriptors).toHaveLength(plane.plane === "shared_memory" ? 4 : 2); // and the reserve
    plane.close();
  });

  it.skipIf(!planes.includes("shared_memory"))("needs no reserve where no file can be made", () => {
    vi.stubEnv("TMPDIR", "/nowhere");
    const plane = new DataPlane();
    expect([plane.plane, plane.reason]).toEqual(["shared_memory", undefined]);
    expect(plane.descriptors).toHaveLength(2);
    expect(plane.environment).toEqual({ GRYM_ARENA_IN: "3", GRYM_ARENA_OUT: "4" });
    plane.close();
  });

  it("sends bytes inside the line where there is no arena", () => {
    const plane = new DataPlane("json");
    expect(plane.plane).toBe("json");
    expect(plane.environment).toEqual({});
    const placed = plane.placeAll(true, (place) => place(Uint8Array.of(1, 2, 255)));
    expect(placed?.value).toEqual({ base64: "AQL/" });
    expect(plane.usage.used).toBe(3);
    plane.free(placed?.slots ?? []);
    expect(plane.usage.used).toBe(0);
    plane.close();
  });

  it.each(["shared_memory", "json"] as const)("on %s tells one without room to wait", (best) => {
    const plane = new DataPlane(best, MIB);
    const put = (bytes: number): ReturnType<typeof plane.placeAll> =>
      plane.placeAll(true, (place) => place(new Uint8Array(bytes)));
    const first = put(best === "json" ? MIB : MIB - HEADER_BYTES);
    expect(put(64)).toBeUndefined();
    plane.free(first?.slots ?? []);
    expect(put(64)).toBeDefined();
    plane.close();
  });

  it("takes nothing for a request of which only a part has room", () => {
    const plane = new DataPlane("shared_memory", MIB);
    const held = plane.placeAll(true, (place) => place(new Uint8Array(64)));
    const both = plane.placeAll(true, (place) =>
      [MIB / 2, MIB].map((n) => place(new Uint8Array(n))),
    );
    expect(both).toBeUndefined();
    expect(plane.usage.used).toBe(HEADER_BYTES + 64);
    plane.free(held?.slots ?? []);
    plane.close();
  });

  it("cuts what is too long for a line, and refuses what may never be on its way", () => {
    const plane = new DataPlane("json", 8 * MIB);
    const placed = plane.placeAll(true, (place) => place(new Uint8Array(7 * MIB).fill(1)));
    expect(placed?.value).toEqual({ upload: 0 });
    const pieces = placed?.slots[0]?.pieces ?? [];
    expect(pieces.length).toBe(3);
    const sent = Buffer.concat(pieces.map((piece) => Buffer.from(piece, "base64")));
    expect(sent.equals(Buffer.alloc(7 * MIB, 1))).toBe(true);
    plane.free(placed?.slots ?? []);
    expect(() => plane.placeAll(true, (place) => place(new Uint8Array(9 * MIB)))).toThrow(
      InvalidArgumentError,
    );
    plane.close();
  });

  it("puts no more than a few megabytes into one line, and the rest before it, in order", () => {
    const plane = new DataPlane("json", 64 * MIB);
    const arrays = Array.from({ length: 8 }, (_, index) => new Uint8Array(MIB).fill(index));
    const placed = plane.placeAll(true, (place) => arrays.map(place));
    const inline = placed?.value.slice(0, 3) ?? [];
    const arrived = inline.map(({ base64 }) => Buffer.from(base64 ?? "", "base64"));
    expect(arrived.map((bytes, index) => bytes.equals(arrays[index] ?? Buffer.of()))).toEqual([
      true,
      true,
      true,
    ]);
    expect(placed?.value.slice(3)).toEqual([3, 4, 5, 6, 7].map((upload) => ({ upload })));
    expect(placed?.slots[7]?.pieces).toEqual([Buffer.alloc(MIB, 7).toString("base64")]);
    expect(plane.usage).toEqual({ size: 0, used: 8 * MIB, inlineBytes: 8 * MIB });
    plane.free(placed?.slots ?? []);
    expect(plane.usage).toEqual({ size: 0, used: 0, inlineBytes: 8 * MIB });
    plane.close();
  });

  it.each(["shared_memory", "json"] as const)(
    "on %s refuses at once what never has room, also where others wait for some",
    (best) => {
      const plane = new DataPlane(best, MIB);
      const held = plane.placeAll(true, (place) => place(new Uint8Array(MIB / 2)));
      for (const mayTakeRoom of [true, false]) {
        expect(() =>
          plane.placeAll(mayTakeRoom, (place) => place(new Uint8Array(MIB + 1))),
        ).toThrow("at most 1048576 bytes");
      }
      plane.free(held?.slots ?? []);
      expect(plane.usage.used).toBe(0);
      plane.close();
    },
  );

  it.each([0, 1 << 20])("refuses a reference beyond the output arena, at byte %i", (offset) => {
    const plane = new DataPlane();
    const reference: TensorReference = { dtype: "uint8", shape: [4], offset, generation: 1 };
    expect(() => plane.read(reference, new Uint8Array(4))).toThrow("outside the arena");
    plane.close();
  });

  it("refuses a reference to a slot that is another one's by now", () => {
    const plane = new DataPlane();
    const output = plane.descriptors[1] ?? -1;
    writeSlot(output, 8, Uint8Array.of(1, 2, 3, 4), HEADER_BYTES);
    const read = (generation: number): Uint8Array => {
      const target = new Uint8Array(4);
      plane.read({ dtype: "uint8", shape: [4], offset: HEADER_BYTES, generation }, target);
      return target;
    };
    expect(read(8)).toEqual(Uint8Array.of(1, 2, 3, 4));
    expect(() => read(7)).toThrow("slot 8 is there now");
    clearSlot(output, HEADER_BYTES);
    expect(() => read(8)).toThrow(WireError);
    plane.close();
  });
});
