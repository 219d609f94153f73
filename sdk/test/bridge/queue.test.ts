/** Many calls at once: how many the process has, whose turn it is, and what waits in Node. */
import { describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { QueueFullError } from "../../errors.ts";
import { fakePython } from "./fake-python.ts";
import { ask as askLight, lightBridge } from "./light-python.ts";

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
async function ask(
  bridge: GAMABridge,
  signal?: AbortSignal,
  priority?: "user" | "background",
): Promise<Counted> {
  const options = { signal, priority };
  return (await bridge.executeOperation("status", {}, options)) as unknown as Counted;
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
