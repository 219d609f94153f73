/**
 * The detached process that `attach` starts: `node main.ts CONFIG`. It ends with 0 where another host has the
 * name already, and writes to stderr only what its starter should read when it fails.
 */
import { connect, type Server } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { HostError } from "../../errors.ts";
import { Host, type HostConfig } from "./host.ts";
import { lockAddress, lockName } from "./name-lock.ts";
import { findListener } from "./proc.ts";

/** A host that is ending keeps its name until its Python is gone (5 s at most). */
const NAME_MS = 15_000;
/** From then on it is looked at who has the name. */
const LOOK_MS = 1_000;
/** Looks in a row at which it is nobody's whom we see: one that just ends is out of sight for a moment. */
const UNSEEN_LOOKS = 25;
const AGAIN_MS = 20;

async function main(config: HostConfig): Promise<void> {
  process.title = `grym-synth host ${config.name}`;
  process.umask(0o077);
  // What a terminal or a notebook server sends to everybody is not meant for the models.
  for (const signal of ["SIGINT", "SIGHUP"] as const) process.on(signal, () => undefined);
  let host: Host | undefined;
  const lock = await takeName(config.path, () => {
    // Where the socket cannot be made again the clients that there are keep their host.
    host?.ensureReachable().catch(() => undefined);
  });
  if (lock === undefined) return;
  host = new Host(config, () => process.exit(0));
  process.on("SIGTERM", () => host.stop());
  await host.listen();
}

/**
 * @returns undefined: a host of that name answers
 * @throws HostError another process has the name, and is no host that answers
 */
async function takeName(path: string, onKnock: () => void): Promise<Server | undefined> {
  const start = performance.now();
  const address = lockAddress(path);
  let unseen = 0;
  for (;;) {
    const lock = await lockName(path, onKnock);
    if (lock !== undefined) return lock;
    if (await answers(path)) return undefined;
    const waited = performance.now() - start;
    if (waited > LOOK_MS) unseen = findListener(address) === undefined ? unseen + 1 : 0;
    if (unseen >= UNSEEN_LOOKS) {
      throw new HostError(
        `The name of ${path} is held by a process of another user or container, which is no host of yours: ` +
          "choose another name",
      );
    }
    if (waited > NAME_MS) {
      throw new HostError(
        `Process ${findListener(address)} holds the name of ${path} and does not answer: end it`,
      );
    }
    await answers(address); // it may not know that its socket was removed
    await wait(AGAIN_MS);
  }
}

async function answers(path: string): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect(path);
  socket.once("connect", () => resolve(true));
  socket.once("error", () => resolve(false));
  const isThere = await promise;
  socket.destroy();
  return isThere;
}

// The argument is written by `startHost`, and by nobody else.
try {
  await main(JSON.parse(process.argv[2] ?? "") as HostConfig);
} catch (error) {
  console.error(error instanceof HostError ? error.message : error);
  process.exit(1);
}
