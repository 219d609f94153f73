import { existsSync, fstatSync, readSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { InputArena, openArenaFile, type Slot } from "../../bridge/arena.ts";
import { DataPlane } from "../../bridge/plane.ts";
import type { TensorReference } from "../../bridge/protocol.gen.ts";

const planes = (["shared_memory", "file"] as const).filter(
  (plane) => plane === "file" || existsSync("/dev/shm"),
);

describe.each(planes)("InputArena on %s", (plane) => {
  it("has no name in any folder", () => {
    const { fd } = openArenaFile(plane);
    expect(fstatSync(fd).nlink).toBe(0);
  });

  it("grows to hold what is written, and every byte arrives", () => {
    const arena = new InputArena(plane);
    const bytes = Uint8Array.from({ length: 3_000_001 }, (_, index) => (index * 31) % 251);
    const slot = arena.write(bytes);
    const back = new Uint8Array(bytes.length);
    expect(readSync(arena.fd, back, 0, back.length, slot.offset)).toBe(bytes.length);
    expect(Buffer.compare(back, bytes)).toBe(0);
    expect(arena.usage.size).toBe(4 * 1024 * 1024);
    expect(fstatSync(arena.fd).size).toBe(4 * 1024 * 1024);
    arena.close();
  });

  it("counts a generation for each slot and uses freed room again", () => {
    const arena = new InputArena(plane);
    const first = arena.write(new Uint8Array(100));
    arena.free(first);
    const second = arena.write(new Uint8Array(100));
    expect(second).toEqual({ offset: first.offset, bytes: 100, generation: first.generation + 1 });
    expect(arena.usage.used).toBe(128);
    arena.close();
  });
});

describe("DataPlane", () => {
  it("takes the best plane that works, and says why it is not a better one", () => {
    const plane = new DataPlane();
    expect(plane.plane).toBe(existsSync("/dev/shm") ? "shared_memory" : "file");
    expect(plane.descriptors).toHaveLength(2);
    plane.close();
  });

  it("sends bytes inside the line where there is no arena", () => {
    const plane = new DataPlane("json");
    const slots: Slot[] = [];
    expect(plane.plane).toBe("json");
    expect(plane.environment).toEqual({});
    expect(plane.place(Uint8Array.of(1, 2, 255), slots)).toEqual({ base64: "AQL/" });
    expect(slots).toEqual([]);
    plane.close();
  });

  it("refuses a reference beyond the output arena", () => {
    const plane = new DataPlane();
    const reference: TensorReference = { dtype: "uint8", shape: [4], offset: 1 << 20 };
    expect(() => plane.read(reference, new Uint8Array(4))).toThrow("outside the arena");
    plane.close();
  });
});
