import { describe, expect, test } from "vitest";
import { bundleOf } from "../../display/index.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { Timed, timed } from "../../notebook/timed.ts";

describe("timed", () => {
  test("keeps the value, and runs as often as asked, warm-up first", async () => {
    let runs = 0;
    const outcome = await timed(async () => ++runs, { runs: 3, warmup: 2 });
    expect([outcome.value, outcome.durations.length, runs]).toEqual([5, 3, 5]);
    const sorted = outcome.durations.toSorted((a, b) => a - b);
    expect([outcome.min, outcome.median, outcome.max]).toEqual(sorted);
    expect(outcome.memory.end - outcome.memory.start).toBe(outcome.memory.used);
  });

  test("takes what is no promise, and gives back what the work threw", async () => {
    expect((await timed(() => "now")).value).toBe("now");
    const failing = timed(() => Promise.reject(new RangeError("no")), { runs: 2 });
    await expect(failing).rejects.toThrow(RangeError);
  });

  test("refuses no runs", async () => {
    await expect(timed(() => 1, { runs: 0 })).rejects.toThrow(InvalidArgumentError);
    await expect(timed(() => 1, { warmup: 0.5 })).rejects.toThrow("warmup");
  });

  test("shows times in a unit that one reads", async () => {
    const outcome = new Timed(1, [0.002, 0.0004, 1.5, 0.003], {
      start: 0,
      end: 2 ** 21,
      used: 2 ** 21,
    });
    expect(outcome.median).toBe(0.0025);
    const bundle = await bundleOf(outcome);
    expect(bundle["text/plain"]).toBe(
      "Timed(2.5 ms, 400 µs to 1.5 s in 4 runs; Node's memory +2.0 MiB)",
    );
    expect(bundle["text/html"]).toContain("2.5 ms");
  });
});
