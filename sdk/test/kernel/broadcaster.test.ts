import { setImmediate } from "node:timers/promises";
import { expect, it, onTestFinished } from "vitest";
import { Subscriber } from "zeromq";
import { Broadcaster } from "../../kernel/broadcaster.ts";

const ROUNDS = 300;
const SUBSCRIBERS = 4;
const MESSAGES_PER_TURN = 20;

/** What a new subscriber hears first; "nothing" after 5 s. */
async function firstHeard(address: string): Promise<string> {
  const subscriber = new Subscriber({ receiveTimeout: 5000, linger: 0 });
  subscriber.connect(address);
  subscriber.subscribe();
  try {
    const [frame] = await subscriber.receive();
    return String(frame);
  } catch {
    return "nothing";
  } finally {
    subscriber.close();
  }
}

it("greets each subscriber first, also while others leave and much is said", async () => {
  const broadcaster = new Broadcaster();
  await broadcaster.bind("tcp://127.0.0.1:*");
  let talking = true;
  onTestFinished(() => {
    talking = false;
    broadcaster.close();
  });
  void broadcaster.welcomeSubscribers(() => ["welcome"]);
  const chatter = (async () => {
    while (talking) {
      for (let i = 0; i < MESSAGES_PER_TURN; i++) broadcaster.broadcast(["chatter"]);
      await setImmediate();
    }
  })();

  const heard: Record<string, number> = {};
  for (let round = 0; round < ROUNDS; round++) {
    const address = broadcaster.lastEndpoint as string;
    const firsts = Array.from({ length: SUBSCRIBERS }, () => firstHeard(address));
    for (const first of await Promise.all(firsts)) heard[first] = (heard[first] ?? 0) + 1;
  }
  talking = false;
  await chatter;
  expect(heard).toEqual({ welcome: ROUNDS * SUBSCRIBERS });
}, 60_000);
