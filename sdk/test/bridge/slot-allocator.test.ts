import { describe, expect, it } from "vitest";
import { ALIGNMENT, SlotAllocator } from "../../bridge/slot-allocator.ts";

function allocator(size: number): SlotAllocator {
  const slots = new SlotAllocator();
  slots.grow(size);
  return slots;
}

describe("SlotAllocator", () => {
  it("gives aligned slots that do not overlap", () => {
    const slots = allocator(1024);
    const offsets = [1, 64, 65].map((bytes) => slots.allocate(bytes));
    expect(offsets).toEqual([0, 64, 128]);
    expect(slots.used).toBe(64 + 64 + 128);
  });

  it("says when there is no room, and has room again after growing", () => {
    const slots = allocator(128);
    expect(slots.allocate(256)).toBeUndefined();
    slots.grow(512);
    expect(slots.allocate(256)).toBe(0);
  });

  it("joins freed neighbours, whatever the order they are freed in", () => {
    const slots = allocator(3 * ALIGNMENT);
    const [a, b, c] = [1, 1, 1].map((bytes) => slots.allocate(bytes) ?? -1);
    for (const offset of [a, c, b]) slots.free(offset ?? -1);
    expect(slots.allocate(3 * ALIGNMENT)).toBe(0);
  });

  it("takes room away only behind the last slot", () => {
    const slots = allocator(1024);
    const [first = -1, second] = [64, 64].map((bytes) => slots.allocate(bytes));
    slots.free(first);
    slots.shrink(64);
    expect([slots.size, slots.used, second]).toEqual([128, 64, 64]);
    expect([slots.allocate(64), slots.allocate(64)]).toEqual([0, undefined]);
    slots.grow(256);
    expect(slots.allocate(128)).toBe(128);
  });

  it("ignores a slot that is freed twice", () => {
    const slots = allocator(1024);
    const offset = slots.allocate(64) ?? -1;
    slots.free(offset);
    slots.free(offset);
    expect(slots.used).toBe(0);
    expect(slots.allocate(1024)).toBe(0);
  });

  it("21: never hands out a byte twice in 100,000 random steps, and leaks nothing", () => {
    const size = 64 * 1024;
    const slots = allocator(size);
    const owner = new Uint8Array(size);
    const held: { offset: number; bytes: number }[] = [];
    let state = 7;
    const random = (below: number): number => {
      state = (Math.imul(state, 48_271) >>> 0) % 2_147_483_647;
      return state % below;
    };
    for (let step = 0; step < 100_000; step += 1) {
      const bytes = 1 + random(4000);
      const offset = random(2) === 0 ? slots.allocate(bytes) : undefined;
      if (offset !== undefined) {
        if (owner.subarray(offset, offset + bytes).includes(1)) throw new Error(`Twice: ${offset}`);
        owner.fill(1, offset, offset + bytes);
        held.push({ offset, bytes });
      } else if (held.length > 0) {
        const [slot] = held.splice(random(held.length), 1);
        if (slot === undefined) throw new Error("unreachable: the list is not empty");
        owner.fill(0, slot.offset, slot.offset + slot.bytes);
        slots.free(slot.offset);
      }
    }
    for (const { offset } of held) slots.free(offset);
    expect(slots.used).toBe(0);
    expect(slots.allocate(size)).toBe(0);
  });
});
