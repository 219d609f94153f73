/**
 * A process of its own that stores patterns, for the tests that kill it, race it or take its
 * rights: `node store-process.ts MODE FOLDER PREFIX COUNT`. It says `ready`, waits for a line, and
 * then says what was acknowledged, a line each: `ok ID`, or `error CODE`.
 *
 * - forever: single stores, bursts and batches, until it is killed
 * - all: COUNT patterns, one by one, eight of them at a time
 * - count: how many patterns there are (`count N`), then stores one
 */
import { once } from "node:events";
import { writeSync } from "node:fs";
import { FeatureMemoryError, PatternStorage } from "../../feature-memory/index.ts";
import { MODEL, makePattern } from "./make-pattern.ts";

const [mode = "", folder = "", prefix = "", count = "0"] = process.argv.slice(2);
const STORES_AT_ONCE = 8;
const BATCH = 20;

/** At once: what is acknowledged has to be told before the process can be killed again. */
function say(line: string): void {
  writeSync(1, `${line}\n`);
}

const storage = new PatternStorage({ folder, model: MODEL });

async function store(...ids: string[]): Promise<void> {
  try {
    const patterns = ids.map((id) => makePattern(id));
    await (patterns.length === 1 && patterns[0]
      ? storage.store(patterns[0])
      : storage.storeMany(patterns));
    say(ids.map((id) => `ok ${id}`).join("\n"));
  } catch (error) {
    if (!(error instanceof FeatureMemoryError)) throw error;
    say(`error ${error.code}`);
  }
}

if (mode !== "count") await storage.initialize();
say("ready");
await once(process.stdin, "data");
if (mode === "forever") {
  for (let at = 0; ; at += 1) {
    const id = `${prefix}-${at}`;
    const part = (n: number): string => `${id}-${n}`;
    if (at % 10 === 4) await Promise.all([0, 1, 2, 3, 4].map((n) => store(part(n))));
    else if (at % 10 === 9) await store(...Array.from({ length: BATCH }, (_, n) => part(n)));
    else await store(id);
  }
} else if (mode === "all") {
  const ids = Array.from({ length: Number(count) }, (_, at) => `${prefix}${at}`);
  for (let at = 0; at < ids.length; at += STORES_AT_ONCE) {
    await Promise.all(ids.slice(at, at + STORES_AT_ONCE).map((id) => store(id)));
  }
} else if (mode === "count") {
  try {
    say(`count ${await storage.count()}`);
  } catch (error) {
    say(`error ${error instanceof FeatureMemoryError ? error.code : String(error)}`);
  }
  await store(`${prefix}0`);
}
process.exit();
