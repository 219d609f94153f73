// node many-calls.ts bridge|bare CALLS: many small calls in a Node of their own, whose memory tells what they left.
import { setTimeout as sleep } from "node:timers/promises";
import { LineClient } from "../../benchmarks/bridge/line-client.ts";
import { ask, backwards, lightBridge } from "../../sdk/test/bridge/light-python.ts";
import {
  type Asked,
  type Footprint,
  manyCalls,
  sharedDescriptors,
} from "../../sdk/test/bridge/rounds/many-calls.ts";

/** What is printed, as JSON. */
export interface ManyCalls {
  readonly looks: readonly Footprint[];
  /** Descriptors of shared memory that are open in the end. */
  readonly shared: number;
}

/** Every tenth call carries a tensor both ways. */
const TENSOR_EVERY = 10;
const SAMPLES = 256;

/** All go to the model thread: none is one that the reader answers. */
async function throughBridge(): Promise<Asked & AsyncDisposable> {
  const { bridge } = lightBridge();
  const { pid } = await bridge.initialize();
  return {
    pid,
    async ask(call) {
      if (call % TENSOR_EVERY !== 0) {
        return (await ask(bridge, "say", { text: `${call}` })) === `${call}`;
      }
      const samples = await backwards(bridge, new Float32Array(SAMPLES).fill(call));
      return samples.length === SAMPLES && samples.every((sample) => sample === call);
    },
    [Symbol.asyncDispose]: () => bridge.shutdown(),
  };
}

/** What Node keeps of calls that are nothing but lines. */
function throughLines(): Asked & AsyncDisposable {
  const lines = new LineClient("bare_lines.py", "reader");
  return {
    pid: lines.pid,
    async ask(call) {
      const answer = await lines.ask("small", { value: call, label: "" });
      return (answer as { value: number }).value === call + 1;
    },
    [Symbol.asyncDispose]: () => lines[Symbol.asyncDispose](),
  };
}

const [way, calls] = process.argv.slice(2);
const asked = way === "bridge" ? await throughBridge() : throughLines();
const marks = Array.from({ length: 10 }, (_mark, n) => Math.round((Number(calls) * (n + 1)) / 10));
const looks = await manyCalls(asked, marks);
await asked[Symbol.asyncDispose]();
await sleep(100); // descriptors are closed in the next turns of the loop
const found: ManyCalls = { looks, shared: sharedDescriptors(process.pid) };
console.log(JSON.stringify(found));
