import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { PatternStorage } from "../../feature-memory/index.ts";
import { AudioClip, embed, GAMABridge, help, timed } from "../../index.ts";
import { listenAsKernel } from "../display/kernel-double.ts";

let kernel: ReturnType<typeof listenAsKernel>;
beforeEach(() => {
  kernel = listenAsKernel();
});
afterEach(() => kernel.stop());

async function helpOf(value: unknown): Promise<string> {
  await help(value);
  const data = kernel.messages.at(-1)?.data;
  expect(data).toHaveProperty("text/markdown");
  return String(data?.["text/plain"]);
}

describe("help", () => {
  test("of what the package exports shows types and documentation from its source", async () => {
    const text = await helpOf(timed);
    expect(text).toMatch(/^async function timed<T>\(\n {2}work: \(\) => T \| PromiseLike<T>,/);
    expect(text).toContain("Runs something, once or several times");
    expect(text).toContain("@example");
    expect(await helpOf(embed)).toContain("async function embed(");
    expect(await helpOf(PatternStorage)).toContain("The patterns of one model, on disk.");
  });

  test("of a class lists its public members, each with a sentence; of an instance as well", async () => {
    const text = await helpOf(AudioClip);
    expect(text).toContain("class AudioClip extends ShownObject");
    expect(text).toContain("static fromFile(path: string, range: ClipRange = {}): AudioClip");
    expect(text).toContain("A clip from an AudioBuffer of any implementation.");
    expect(text).not.toContain("private");
    const clip = AudioClip.fromSamples(new Float32Array(1), 8000);
    expect(await helpOf(clip)).toBe(text);
    await using bridge = new GAMABridge();
    expect(await helpOf(bridge)).not.toContain("#supervisor");
  });

  test("of other functions and objects says what they tell, and calls no getter", async () => {
    expect(
      await helpOf(function add(a: number, b = 2) {
        return a + b;
      }),
    ).toBe("function add(a, b = 2)");
    expect(await helpOf((x: number) => x * 2)).toBe("(x) =>");
    class Mine {
      value = 1;
      get risky(): never {
        throw new Error("called");
      }
      step(count = 1) {
        return count;
      }
    }
    const lines = (await helpOf(new Mine())).split("\n").map((line) => line.trim());
    expect(lines).toEqual(["Mine", "", "value: number", "get risky", "step(count = 1)"]);
    expect(await helpOf(Mine)).toContain("get risky");
    expect(await helpOf(42)).toBe("42: number");
    expect(await helpOf(null)).toBe("null: object");
    expect(await helpOf(Object.create(null))).toBe("an object without a prototype");
  });

  test("of a function that is only named like one of ours is its own", async () => {
    const named = { embed: () => 1 }.embed;
    expect(await helpOf(named)).toBe("() =>");
  });
});
