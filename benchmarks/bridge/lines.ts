import type { Summary } from "./light-bridge.ts";
import { LineClient } from "./line-client.ts";
import { LABEL, type Way } from "./way.ts";

/** The seed's form: JSON arrays of numbers, Python's own json. */
export function makeSeed(): Way {
  const lines = new LineClient("seed_lines.py");
  return {
    name: "seed, JSON arrays",
    how: "lines, arrays of numbers, Python's own json; back into a Float32Array",
    length: async (samples, checked) =>
      (await lines.ask("length", { samples: Array.from(samples), checked })) as Summary,
    async echo(samples) {
      const answer = await lines.ask("echo", { samples: Array.from(samples) });
      return Float32Array.from((answer as { samples: number[] }).samples);
    },
    small: (value) => next(lines, value),
    [Symbol.asyncDispose]: () => lines[Symbol.asyncDispose](),
  };
}

export function makeBase64(): Way {
  const lines = new LineClient("base64_lines.py");
  return {
    name: "base64 lines",
    how: "lines, base64 by Buffer and binascii, JSON by msgspec",
    length: async (samples, checked) =>
      (await lines.ask("length", { samples: encode(samples), checked })) as Summary,
    async echo(samples) {
      const answer = await lines.ask("echo", { samples: encode(samples) });
      return decode((answer as { samples: string }).samples);
    },
    [Symbol.asyncDispose]: () => lines[Symbol.asyncDispose](),
  };
}

export function makeBare(kind: "blocking" | "reader"): Way {
  const lines = new LineClient("bare_lines.py", kind);
  return {
    name: kind === "blocking" ? "bare line loop, blocking" : "bare line loop, reader thread",
    how: "lines, JSON by msgspec; no checks, no errors, no memory beside them",
    small: (value) => next(lines, value),
    [Symbol.asyncDispose]: () => lines[Symbol.asyncDispose](),
  };
}

async function next(lines: LineClient, value: number): Promise<number> {
  return ((await lines.ask("small", { value, label: LABEL })) as { value: number }).value;
}

export function encode(samples: Float32Array): string {
  const { buffer, byteOffset, byteLength } = samples;
  return Buffer.from(buffer, byteOffset, byteLength).toString("base64");
}

export function decode(text: string): Float32Array {
  const { buffer, byteOffset, byteLength } = Buffer.from(text, "base64");
  if (byteOffset % Float32Array.BYTES_PER_ELEMENT === 0) {
    return new Float32Array(buffer, byteOffset, byteLength / Float32Array.BYTES_PER_ELEMENT);
  }
  return new Float32Array(buffer.slice(byteOffset, byteOffset + byteLength));
}
