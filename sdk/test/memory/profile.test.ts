import { afterAll, describe, expect, it } from "vitest";
import { sharedBridge } from "../../bridge/shared-bridge.ts";
import { ProcessExitError, ProfileLostError } from "../../errors.ts";
import { beginProfile, profile } from "../../memory/profile.ts";
import { MelStatisticsService } from "../../models/mel-statistics-service.ts";
import { faultyBridge, misbehave } from "./faulty-bridge.ts";

const PLANTED = 200_000_000;
// 2 %: what the kernel's counters of each CPU may lag behind.
const EXACT = 0.02 * PLANTED;
const PATIENCE = 120_000;
const SECOND_OF_NOISE = {
  samples: Float32Array.from({ length: 16_000 }, (_, index) => Math.sin(index * index) / 4),
  sampleRate: 16_000,
};

const bridge = faultyBridge();
afterAll(() => bridge.shutdown());

describe("profile", { timeout: PATIENCE }, () => {
  it("shows an allocation that lives shorter than any sample, in its phase and in no other", async () => {
    const report = await profile(() => misbehave(bridge, "allocate", { count: PLANTED }), {
      bridge,
      intervalSeconds: 60,
    });
    const grown = Object.fromEntries(
      report.phases.map(({ phase, peak, start }) => [phase, peak - start]),
    );
    expect(Object.keys(grown)).toEqual(["before", "planted", "after"]);
    expect(Math.abs((grown["planted"] ?? 0) - PLANTED)).toBeLessThan(EXACT);
    expect(Math.max(grown["before"] ?? 0, grown["after"] ?? 0)).toBeLessThan(EXACT);
    const { python } = report;
    expect(python).toMatchObject({
      peakSource: "high_water_mark",
      peakPhase: "planted",
      peakOperation: "allocate",
      usedMemory: python.peakMemory - python.startMemory,
    });
    expect(python.peakMemory - python.peakOutside).toBeGreaterThan(PLANTED - EXACT);
  });

  it("gives what the work gave, with the phases of a service and the memory of both processes", async () => {
    const fbank = new MelStatisticsService({ bridge });
    const report = await profile(() => fbank.extractFeatures([SECOND_OF_NOISE, SECOND_OF_NOISE]), {
      bridge,
      name: "fbank",
    });
    expect(report.value.shape[0]).toBe(2);
    expect(report.name).toBe("fbank");
    expect(report.byPhase.map(({ phase }) => phase)).toEqual(
      expect.arrayContaining(["load", "decode", "encode"]),
    );
    for (const span of report.phases) {
      expect(span.began + span.seconds).toBeLessThanOrEqual(report.seconds);
      expect(span.peak).toBeGreaterThanOrEqual(Math.max(span.start, span.end));
    }
    const { seconds, anonymous, fileMapped, shared } = report.timeline;
    expect([anonymous.length, fileMapped.length, shared.length]).toEqual(
      Array(3).fill(seconds.length),
    );
    expect(report.node.peakMemory).toBeGreaterThanOrEqual(report.node.endMemory);
    expect(report.device).toBeNull();
    expect(report.value.memoryUsage.phases[0]?.start).toBeGreaterThan(0);
  });

  it("sees Node's own memory, also what was gone before the next sample", async () => {
    const report = await profile(
      () => {
        const planted = Buffer.alloc(PLANTED, 1);
        return planted.length;
      },
      { bridge },
    );
    expect(report.node.peakSource).toBe("high_water_mark");
    expect(report.node.usedMemory).toBeGreaterThan(PLANTED - EXACT);
    expect(report.python.usedMemory).toBeLessThan(EXACT);
  });

  it("loses no peak to another profile that begins and ends meanwhile", async () => {
    const outer = await profile(
      async () => {
        await misbehave(bridge, "allocate", { count: PLANTED });
        const inner = await profile(() => "idle", { bridge });
        return inner.python.usedMemory;
      },
      { bridge },
    );
    expect(outer.value).toBeLessThan(EXACT);
    expect(outer.python.usedMemory).toBeGreaterThan(PLANTED - EXACT);
    expect(outer.phases).toHaveLength(3);
  });

  it("passes on what the work throws, and leaves no profile running", async () => {
    // more of them than a process would run side by side
    for (let round = 0; round < 40; round += 1) {
      const failing = profile(() => Promise.reject(new RangeError("mine")), { bridge });
      await expect(failing).rejects.toThrow(new RangeError("mine"));
    }
    await expect(profile(() => 1, { bridge })).resolves.toMatchObject({ value: 1 });
  });

  it("rejects with the reason of its signal, and leaves no profile running", async () => {
    const controller = new AbortController();
    const reason = new Error("enough");
    const waiting = profile(() => new Promise(() => controller.abort(reason)), {
      bridge,
      signal: controller.signal,
    });
    await expect(waiting).rejects.toBe(reason);
    await expect(profile(() => 1, { bridge, signal: controller.signal })).rejects.toBe(reason);
  });

  it("does not begin the work when it is aborted before Python has begun the profile", async () => {
    const controller = new AbortController();
    let isCalled = false;
    const waiting = profile(
      () => {
        isCalled = true;
      },
      { bridge, signal: controller.signal },
    );
    controller.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    expect(isCalled).toBe(false);
  });

  it("rejects at once when it is aborted, although Python is busy", async () => {
    const controller = new AbortController();
    let isOver = false;
    let busy: Promise<unknown> | undefined;
    const waiting = profile(
      () => {
        busy = misbehave(bridge, "sleep", { seconds: 1 }).then(() => {
          isOver = true;
        });
        setTimeout(() => controller.abort(new Error("enough")), 50);
        return busy;
      },
      { bridge, signal: controller.signal },
    );
    await expect(waiting).rejects.toThrow("enough");
    expect(isOver).toBe(false);
    await busy;
  });

  it("refuses an interval that nobody can keep", async () => {
    const options = { bridge, intervalSeconds: 0 };
    await expect(profile(() => 1, options)).rejects.toMatchObject({ code: "invalid_argument" });
  });

  it("ends once", async () => {
    const running = await beginProfile({ bridge });
    await running.end(1);
    await expect(running.end(2)).rejects.toMatchObject({ code: "closed" });
  });
});

describe("a profile of a process that dies", { timeout: PATIENCE }, () => {
  it("rejects with the error of the work", async () => {
    await using mortal = faultyBridge();
    const dying = profile(() => misbehave(mortal, "die", {}), { bridge: mortal });
    await expect(dying).rejects.toThrow(ProcessExitError);
  });

  it("rejects with a typed error that holds what the work gave, where the work did not mind", async () => {
    await using mortal = faultyBridge();
    const work = async (): Promise<string> => {
      await misbehave(mortal, "die", {}).catch(() => undefined);
      return "done all the same";
    };
    const error: unknown = await profile(work, { bridge: mortal }).catch((reason) => reason);
    expect(error).toBeInstanceOf(ProfileLostError);
    expect(error).toMatchObject({ code: "profile_lost", value: "done all the same" });
    expect(mortal.stats().starts).toBe(1); // no process was started only to ask it
  });
});

describe("a profile of the shared process", { timeout: PATIENCE }, () => {
  it("keeps it until the report is made, although the last service ends inside, and then ends it", async () => {
    const bridgeInUse = sharedBridge();
    const report = await profile(async () => {
      await using fbank = new MelStatisticsService();
      return (await fbank.extractFeatures(SECOND_OF_NOISE)).shape;
    });
    expect(report.phases.some(({ phase }) => phase === "decode")).toBe(true);
    expect(bridgeInUse.isClosed).toBe(true);
  });

  it("does not end it where only profiles have used it", async () => {
    await profile(() => undefined);
    expect(sharedBridge().processNumber).toBe(1);
    await sharedBridge().shutdown();
  });
});
