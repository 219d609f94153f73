/** Many calls at once: how many the process has, whose turn it is, and what waits in Node. */
import { describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { HEADER_BYTES } from "../../bridge/slot-header.ts";
import type { TensorValue } from "../../bridge/tensors.ts";
import { QueueFullError } from "../../errors.ts";
import { fakePython } from "./fake-python.ts";
import { ask as askLight, lightBridge } from "./light-python.ts";

const RATE = 16_000;

/** A process that answers after a moment, with the most requests that it ever had at once, and those before. */
const COUNTING = `
  let open = 0, most = 0;
  const seen = [];
  ready();
  onRequest(({ id, operation, data }) => {
    if (operation === "cancel") return;
    seen.push(id);
    most = Math.max(most, ++open);
    const result = { most, seen: [...seen] };
    setTimeout(() => { open -= 1; send({ id, result }); }, 20);
  });`;

interface Counted {
  readonly most: number;
  readonly seen: readonly number[];
}

/** The fake is not the protocol. */
async function ask(
  bridge: GAMABridge,
  signal?: AbortSignal,
  priority?: "user" | "background",
): Promise<Counted> {
  const options = { signal, priority };
  return (await bridge.executeOperation("start_profile", {}, options)) as unknown as Counted;
}

describe("a bridge with many calls", () => {
  it("15: gives the process as many as it may have at once, and the others in their turn", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(COUNTING),
      queue: { maxInFlight: 3 },
    });
    const calls = Array.from({ length: 20 }, () => ask(bridge));
    expect(bridge.stats()).toMatchObject({ waiting: 20, queued: 17 });
    const answers = await Promise.all(calls);
    expect(answers.at(-1)?.most).toBe(3);
    expect(answers.at(-1)?.seen).toEqual(Array.from({ length: 20 }, (_, index) => index + 1));
    expect(bridge.stats()).toMatchObject({ waiting: 0, queued: 0 });
  });

  it("26: never sends a call that was given up while it waited", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(COUNTING),
      queue: { maxInFlight: 1 },
    });
    const first = ask(bridge);
    const controller = new AbortController();
    const givenUp = ask(bridge, controller.signal);
    const last = ask(bridge);
    controller.abort(new Error("enough"));
    await expect(givenUp).rejects.toThrow("enough");
    await first;
    expect((await last).seen).toEqual([1, 3]);
  });

  it("refuses one more than may wait, and forgets none of the others", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(COUNTING),
      queue: { maxInFlight: 1, maxQueued: 2 },
    });
    const calls = [ask(bridge), ask(bridge), ask(bridge)];
    const oneMore = ask(bridge);
    await expect(oneMore).rejects.toThrow(QueueFullError);
    await expect(oneMore).rejects.toThrow("2 calls wait already");
    expect((await Promise.all(calls)).at(-1)?.seen).toEqual([1, 2, 3]);
  });

  it("sends what needs no model at once, also where the process has as many as it may have", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(COUNTING),
      queue: { maxInFlight: 1 },
    });
    const calls = Array.from({ length: 3 }, () => ask(bridge));
    const ping = bridge.executeOperation("ping", {}) as unknown as Promise<Counted>;
    expect((await ping).seen).toEqual([1, 4]);
    expect((await Promise.all(calls)).at(-1)?.seen).toEqual([1, 4, 2, 3]);
  });

  it("lets those wait whose arrays have no room, in their order, and copies them when they have", async () => {
    const bytes = HEADER_BYTES + 4 * RATE;
    await using bridge = new GAMABridge({ queue: { maxArenaBytes: 3 * bytes } });
    const embed = async (gain: number): Promise<number> => {
      const samples = new Float32Array(RATE).fill(gain);
      const { features } = await bridge.executeOperation("extract_features", {
        audio: { samples, sample_rate: RATE },
        model: "fbank",
      });
      return (features as TensorValue).data[0] as number; // the protocol: features are float32
    };
    const gains = Array.from({ length: 20 }, (_, index) => (index + 1) / 20);
    const together = gains.map(embed);
    expect(bridge.stats()).toMatchObject({ queued: 17, arenaUsed: 3 * bytes });
    const alone: number[] = [];
    const answers = await Promise.all(together);
    for (const gain of gains) alone.push(await embed(gain));
    expect(answers).toEqual(alone);
    expect(bridge.stats()).toMatchObject({ queued: 0, arenaUsed: 0 });
    expect(bridge.stats().arenaBytes).toBeLessThanOrEqual(3 * bytes);
  });

  it("gives up one that waits for room without a trace", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(COUNTING),
      queue: { maxArenaBytes: 64 },
    });
    const send = (signal?: AbortSignal): Promise<unknown> =>
      bridge.executeOperation(
        "probe",
        {
          features: { data: new Float32Array(16), shape: [4, 4] },
          labels: ["a"],
          groups: ["b"],
          kind: "knn",
        },
        { signal },
      );
    const first = send();
    const controller = new AbortController();
    const givenUp = send(controller.signal);
    const last = send();
    expect(bridge.stats().queued).toBe(2);
    controller.abort(new Error("enough"));
    await expect(givenUp).rejects.toThrow("enough");
    await first;
    expect((await last) as Counted).toMatchObject({ seen: [1, 3] });
  });

  it("15: sends a user's call before what is in the background", async () => {
    await using bridge = new GAMABridge({
      python: fakePython(COUNTING),
      queue: { maxInFlight: 1 },
    });
    const priorities = ["background", "background", "background", "user", "user"] as const;
    const calls = priorities.map((priority) => ask(bridge, undefined, priority));
    // The first was sent before anything else was asked.
    const seen = (await Promise.all(calls)).toSorted((a, b) => a.seen.length - b.seen.length);
    expect(seen.at(-1)?.seen).toEqual([1, 4, 5, 2, 3]);
  });

  it("15: has Python work a user's call before what is in the background", async () => {
    const { bridge } = lightBridge();
    await using _ = bridge;
    const controller = new AbortController();
    const first = askLight(bridge, "sleep", { seconds: 3_600 }, { signal: controller.signal });
    const order: string[] = [];
    const priorities = ["background", "background", "background", "user", "user"] as const;
    const calls = priorities.map(async (priority) => {
      await askLight(bridge, "sleep", { seconds: 0 }, { priority });
      order.push(priority);
    });
    const waiting = async (): Promise<number> => (await bridge.executeOperation("ping", {})).queued;
    await expect.poll(waiting).toBe(calls.length);
    controller.abort(new Error("enough"));
    await expect(first).rejects.toThrow("enough");
    await Promise.all(calls);
    expect(order).toEqual(["user", "user", "background", "background", "background"]);
  });
});
