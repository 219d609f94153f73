import type { GAMABridge } from "grym-synth";
import { ask } from "./light-bridge.ts";
import { LABEL, type Way } from "./way.ts";

/** Our bridge through its public interface. */
export function makeOurs(bridge: GAMABridge, isFresh: boolean): Way {
  let out = new Float32Array();
  return {
    name: isFresh ? "ours, fresh buffers" : "ours, reused buffers",
    how: isFresh
      ? "`executeOperation`, a new array for each call and each result"
      : "`executeOperation` with `out`: the result is read into the same array each time",
    isFresh,
    async length(samples, checked) {
      return await ask(bridge, "length", { samples, checked });
    },
    async echo(samples) {
      if (isFresh) return (await ask(bridge, "echo", { samples })).samples.data;
      if (out.length !== samples.length) out = new Float32Array(samples.length);
      const { data } = (await ask(bridge, "echo", { samples }, { out })).samples;
      if (data.buffer !== out.buffer) throw new Error("`out` was not used");
      return data;
    },
    async small(value) {
      return (await ask(bridge, "small", { value, label: LABEL })).value;
    },
    async [Symbol.asyncDispose]() {
      // The bridge belongs to whoever made it.
    },
  };
}

/** Answered by the reader thread of our process: the wire without the model thread. */
export function makePing(bridge: GAMABridge): Way {
  return {
    name: "ours, ping",
    how: "`executeOperation` of `ping`, which the reader thread answers",
    async small(value) {
      const { status } = await bridge.executeOperation("ping", {});
      return status === "ok" ? value + 1 : Number.NaN; // a ping brings no number
    },
    async [Symbol.asyncDispose]() {
      // As above.
    },
  };
}

/** What a copy costs at least: one for a way in, two for a way in and out; warm to warm. */
export function makeMemcpy(): Way {
  let there = new Float32Array();
  let back = new Float32Array();
  return {
    name: "memcpy",
    how: "`set` in Node between arrays that are used again: once one-way, twice for an echo",
    async length(samples) {
      if (there.length !== samples.length) there = new Float32Array(samples.length);
      there.set(samples);
      const { length: count } = there;
      return { count, first: there[0] ?? 0, last: there[count - 1] ?? 0, checksum: null };
    },
    async echo(samples) {
      if (there.length !== samples.length) there = new Float32Array(samples.length);
      if (back.length !== samples.length) back = new Float32Array(samples.length);
      there.set(samples);
      back.set(there);
      return back;
    },
    async [Symbol.asyncDispose]() {
      // Nothing was opened.
    },
  };
}
