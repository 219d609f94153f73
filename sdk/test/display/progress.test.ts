import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { progress } from "../../display/index.ts";
import { listenAsKernel } from "./kernel-double.ts";

let kernel: ReturnType<typeof listenAsKernel>;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
  kernel = listenAsKernel();
});

afterEach(() => {
  kernel.stop();
  vi.useRealTimers();
});

function lastText(): string {
  return String(kernel.messages.at(-1)?.data["text/plain"]);
}

describe("progress in a notebook", () => {
  test("shows one output and replaces it in place", () => {
    const bar = progress("embedding");
    for (let done = 0; done <= 10; done += 1) {
      bar({ stage: "encode", done, total: 10, unit: "clips" });
      vi.advanceTimersByTime(200);
    }
    const [first, ...later] = kernel.messages;
    expect(first?.update).toBe(false);
    expect(later.map(({ update }) => update)).not.toContain(false);
    expect(new Set(kernel.messages.map(({ transient }) => transient?.display_id)).size).toBe(1);
  });

  test("draws at most ten times a second, and never forgets the last state", () => {
    const bar = progress("embedding");
    for (let done = 0; done < 3000; done += 1) {
      bar({ done, total: 100_000, unit: "clips" });
      vi.advanceTimersByTime(1);
    }
    expect(kernel.messages.length).toBeGreaterThan(10);
    expect(kernel.messages.length).toBeLessThanOrEqual(30);
    vi.advanceTimersByTime(1000);
    expect(lastText()).toContain("2999/100000 clips");
  });

  test("stays within ten a second when many short works end", () => {
    const bar = progress("loading");
    for (let work = 1; work < 200; work += 1) {
      bar({ done: work, total: work, unit: "files" });
      vi.advanceTimersByTime(5);
    }
    expect(kernel.messages.length).toBeLessThanOrEqual(10);
  });

  test("tells rate and time left while it runs, and ends at once with both in total", () => {
    const bar = progress("embedding");
    bar({ stage: "encode", done: 0, total: 40, unit: "clips" });
    vi.advanceTimersByTime(2000);
    bar({ stage: "encode", done: 10, total: 40, unit: "clips" });
    expect(lastText()).toMatch(/embedding: encode 10\/40 clips · 5 clips\/s · 6\.0 s left/);
    vi.advanceTimersByTime(6010);
    bar({ stage: "encode", done: 39, total: 40, unit: "clips" });
    bar({ stage: "encode", done: 40, total: 40, unit: "clips" });
    expect(lastText()).toMatch(/^embedding 40\/40 clips · in 8\.0 s · 4\.99 clips\/s$/);
  });

  test("takes the stages of one total as one work, and another total as the next", () => {
    const bar = progress("gama-tiny");
    bar({ stage: "import", done: 0, total: 3, unit: "" });
    bar({ stage: "read", done: 1, total: 3, unit: "" });
    vi.advanceTimersByTime(1000);
    bar({ stage: "build", done: 3, total: 3, unit: "" });
    expect(lastText()).toBe("gama-tiny done · in 1.0 s");
    bar({ stage: "encode", done: 1, total: 9, unit: "clips" });
    vi.advanceTimersByTime(1000);
    expect(lastText().split("\n")).toHaveLength(2);
  });

  test("says that work stopped when it is ended before its total", () => {
    {
      using bar = progress("embedding");
      bar({ done: 3, total: 10, unit: "clips" });
      vi.advanceTimersByTime(500);
    }
    expect(lastText()).toContain("3/10 clips · stopped after 0.5 s");
    expect(String(kernel.messages.at(-1)?.data["text/html"])).toContain("width:30.0%");
  });

  test("escapes label, stage, unit and message", () => {
    const bar = progress("<i>a</i>");
    bar({ stage: "<i>b</i>", done: 1, total: 9, unit: "<i>c</i>", message: "<i>d</i>" });
    expect(kernel.messages[0]?.data["text/html"]).not.toContain("<i>");
  });
});

describe("progress outside a notebook", () => {
  test("writes to stderr, and a last line when it is done", () => {
    kernel.stop();
    const written: string[] = [];
    const write = vi.spyOn(process.stderr, "write").mockImplementation((text) => {
      written.push(String(text));
      return true;
    });
    try {
      const bar = progress("embedding");
      for (let done = 0; done <= 500; done += 1) {
        bar({ done, total: 500, unit: "clips" });
        vi.advanceTimersByTime(1);
      }
    } finally {
      write.mockRestore();
    }
    expect(written.length).toBeLessThan(10);
    expect(written.at(-1)).toContain("embedding 500/500 clips · in 0.5 s");
  });
});
