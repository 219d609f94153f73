/** Many calls at once: how many the process has, whose turn it is, and what waits in Node. */
import { describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { QueueFullError } from "../../errors.ts";
import { fakePython } from "./fake-python.ts";

const RATE = 16_000;

/** A process that answers after a moment, with the most requests that it ever had at once. */
const COUNTING = `
  let open = 0, most = 0;
  const seen = [];
  ready();
  onRequest(({ id, operation, data }) => {
    if (operation === "cancel") return;
    seen.push(id);
    most = Math.max(most, ++open);
    setTimeout(() => { open -= 1; send({ id, result: { most, seen } }); }, 20);
  });`;

interface Counted {
  readonly most: number;
  readonly seen: readonly number[];
}

/** The fake is not the protocol. */
async function ask(bridge: GAMABridge, signal?: AbortSignal): Promise<Counted> {
  return (await bridge.executeOperation("status", {}, { signal })) as unknown as Counted;
}

describe("a bridge with many calls", () => {
  it("gives the process as many as it may have at once, and the others in their turn", async () => {
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

  it("never sends a call that was given up while it waited", async () => {
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

  it("works a user's call before what is in the background, in Node's queue and in Python's", async () => {
    await using bridge = new GAMABridge({ queue: { maxInFlight: 8 } });
    await bridge.initialize();
    const samples = new Float32Array(10 * RATE).fill(0.1);
    const order: string[] = [];
    const embed = async (priority: "user" | "background"): Promise<void> => {
      const audio = { samples, sample_rate: RATE };
      await bridge.executeOperation("extract_features", { audio, model: "fbank" }, { priority });
      order.push(priority);
    };
    const background = Array.from({ length: 20 }, () => embed("background"));
    // Seven wait in Python and twelve in Node when the user comes.
    await Promise.race(background);
    const user = Array.from({ length: 2 }, () => embed("user"));
    await Promise.all([...background, ...user]);
    // What runs when the user comes is not interrupted; nor is what Python has answered already.
    expect(order.lastIndexOf("user")).toBeLessThan(8);
  });
});
