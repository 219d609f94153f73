/**
 * What does a call through the bridge cost, beside copying, the seed's way, and what others use?
 *
 * Four parts, each interleaved round by round:
 * - payloads of 1 kB to 38.4 MB, one-way (samples in, a few numbers back) and echo;
 * - small calls, one by one and 64 at a time, beside loops over lines that do nothing else; both of
 *   these with cores that are kept awake, to which the targets refer, and once more with idle ones;
 * - pings while a model computes, for several switch intervals, and what they cost the model;
 * - from `kill -9` to the first repeated answer, beside the start of a process and its model's load.
 *
 * What is measured against lies in `peers/`: it is installed into build/peers on first use, and a
 * row says so where that fails.
 *
 * `node benchmarks/bridge.ts [--quick] [--without-peers] [--note TEXT]`; a quick run shows that the
 * benchmark works, its record is not kept. Without peers nothing is installed. A target that a run
 * leaves out stands in its record as missed, with the reason.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatRecord, formatRows, type RecordRow, writeRecord } from "grym-synth";
import { type Cores, keepAwake } from "./bridge/awake.ts";
import { measureBusy } from "./bridge/busy.ts";
import { makeHttp } from "./bridge/http.ts";
import { installNodePeers, installPythonPeers } from "./bridge/install-peers.ts";
import { lightBridge } from "./bridge/light-bridge.ts";
import { makeBare, makeBase64, makeSeed } from "./bridge/lines.ts";
import { makeMemcpy, makeOurs, makePing } from "./bridge/ours.ts";
import { measurePayloads } from "./bridge/payloads.ts";
import { makePythonia } from "./bridge/pythonia.ts";
import { measureReplays } from "./bridge/replay.ts";
import { measureSmallCalls } from "./bridge/small-calls.ts";
import { targetsOf } from "./bridge/targets.ts";
import type { MissingWay, Way } from "./bridge/way.ts";
import { makeZeroMQ } from "./bridge/zeromq.ts";

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    "without-peers": { type: "boolean", default: false },
    note: { type: "string", multiple: true },
  },
});
const share = values.quick ? 0.05 : 1;

const missing: MissingWay[] = [];
const ways: Way[] = [];

/** A peer that cannot be had here is a row with the reason. */
async function tryPeer(name: string, make: () => Promise<Way>): Promise<void> {
  try {
    if (values["without-peers"]) throw new Error("--without-peers");
    ways.push(await make());
  } catch (error) {
    missing.push({ name, reason: `not measured: ${String(error).split("\n")[0]}` });
  }
}

const bridge = lightBridge();
await bridge.initialize();
ways.push(
  makeMemcpy(),
  makeOurs(bridge, false),
  makeOurs(bridge, true),
  makePing(bridge),
  makeBare("blocking"),
  makeBare("reader"),
  makeSeed(),
  makeBase64(),
  makeZeroMQ(false),
  makeZeroMQ(true),
);
await tryPeer("HTTP", async () => makeHttp(await installPythonPeers()));
await tryPeer("pythonia", async () => makePythonia(await installNodePeers()));

async function measureCalls(cores: Cores, share: number) {
  using _ = cores === "awake" ? keepAwake() : undefined;
  const payloads = await measurePayloads(ways, missing, cores, share);
  const small = await measureSmallCalls(ways, missing, cores, share);
  return { payloads, small, rows: [...payloads.rows, ...small.rows] };
}

const { payloads, small, rows: awake } = await measureCalls("awake", share);
const idle = values.quick ? [] : (await measureCalls("idle", 0.5)).rows;
const { plane } = bridge.stats();
for (const way of ways) await way[Symbol.asyncDispose]();
const busy = await measureBusy(share);
const replays = await measureReplays(share);

const record = await writeRecord(
  "bridge",
  {
    question:
      "What does a call through the bridge cost, beside copying, the seed's way, and what others use?",
    rows: [...awake, ...idle, ...busy.rows, ...replays.rows],
    targets: targetsOf({
      medians: payloads.medians,
      reasons: payloads.reasons,
      small: small.found,
      missing,
      busy: busy.found,
      replays: replays.found,
    }),
    notes: [
      `Plane ${plane}. Payloads are float32 noise, the same for all; each way's answer is compared with them bit by bit once per payload, and every small call's value is checked. Medians (of starts, loads and replays the least); one way after the other in each round, another one first each time, each with a burst of calls, whose first one is told apart (first_ms): it wakes a process that slept meanwhile. Slow ways get fewer calls. Targets are of cores kept awake by processes that yield to all others: on an idle virtual machine each call waits for the core to come back (rows with idle cores).`,
      ...ways.map(({ name, how }) => `${name}: ${how}.`),
      ...(values.note ?? []),
    ],
  },
  { bridge, folder: values.quick ? mkdtempSync(join(tmpdir(), "bridge-")) : undefined },
);
await bridge.shutdown();

for (const part of Map.groupBy(record.rows, ({ part }) => part).values()) {
  console.log(`${formatRows(part as RecordRow[])}\n`);
}
console.log(formatRecord({ ...record, rows: [] }));
