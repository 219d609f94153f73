/** Lines that no client of ours would write, into the real process. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { LineReader } from "../../../bridge/line-reader.ts";
import { MAX_LINE_BYTES } from "../../../bridge/protocol.gen.ts";
import { lightPython } from "../light-python.ts";
import { residentBytes } from "./many-calls.ts";
import { Random } from "./random.ts";

export interface FuzzOutcome {
  readonly lines: number;
  /** Lines that the process wrote meanwhile. */
  readonly answers: number;
  /** Lines of it that are no JSON. */
  readonly garbled: number;
  /** Resident memory after a tenth of the lines, and in the end, bytes. */
  readonly bytesAtTenth: number;
  readonly bytesAtEnd: number;
  /** How it ended when its input did: 0. */
  readonly exitCode: number | null;
}

const BATCH = 500;
const LONGEST_WAIT_MS = 60_000;

/** Requests that mean something, and that no change makes heavy. */
const REQUESTS: readonly object[] = [
  { id: 1, operation: "ping", data: {} },
  { id: "text", operation: "status", data: {}, priority: "background" },
  { id: 3, operation: "cancel", data: { id: 2 } },
  { operation: "release", data: { generations: [1, 2, 3] } },
  { id: 5, operation: "unload_model", data: { model_id: "fbank" } },
  {
    id: 6,
    operation: "extract_features",
    data: { audio: [0.5, -0.25], layer: "x", batch_size: 2 },
  },
  {
    id: 7,
    operation: "extract_features",
    data: { audio: { samples: { $t: { dtype: "float32", shape: [2], base64: "AAAAAAAAgD8=" } } } },
  },
  { id: 8, operation: "start_profile", data: { interval: 0.5 } },
  { id: 9, operation: "stop_profile", data: { profile: 1 } },
  { id: 10, operation: "say", data: { text: "é🎵\u2028" } },
  { id: 11, operation: "number", data: { kind: "-0.0" } },
  { id: 12, operation: "fail", data: { kind: "group" } },
  {
    id: 13,
    operation: "echo",
    data: { tensor: { $t: { dtype: "int16", shape: [1, 1], base64: "AAE=" } } },
  },
];

const PIECES = [
  "null", "true", "-0", "1e309", "-1e999", "9".repeat(400), "0x1F", "NaN", "-Infinity", '"\\ud800"',
  '"\\udc00\\ud800"', '"\\u0000"', "[".repeat(3000), '{"a":'.repeat(2000), '{"__proto__":{"x":1}}',
  '"constructor"', `"${"k".repeat(70_000)}"`, "18446744073709551616", "-9223372036854775809", "1.5e-400",
  '{"id":1,"id":2}', "\u0000", "\r", "\u2028", "\u0085", "\\", '"', "}", "]", ",", ":",
]; // biome-ignore format: a list of many

/** One line of bytes without its newline. */
export function fuzzLine(random: Random): Buffer {
  if (random.next() < 0.15) {
    const bytes = Buffer.from(Array.from({ length: random.below(300) }, () => random.below(256)));
    return Buffer.from(bytes.filter((byte) => byte !== 0x0a));
  }
  let line: Buffer = Buffer.from(JSON.stringify(random.pick(REQUESTS)));
  for (let change = random.below(4); change >= 0; change -= 1) line = mutate(line, random);
  return Buffer.from(line.filter((byte) => byte !== 0x0a));
}

function mutate(line: Buffer, random: Random): Buffer {
  const at = random.below(line.length + 1);
  const to = Math.min(line.length, at + random.below(12));
  switch (random.below(6)) {
    case 0: // a piece in
      return Buffer.concat([
        line.subarray(0, at),
        Buffer.from(random.pick(PIECES)),
        line.subarray(at),
      ]);
    case 1: // a part out
      return Buffer.concat([line.subarray(0, at), line.subarray(to)]);
    case 2: // a part twice
      return Buffer.concat([line.subarray(0, to), line.subarray(at)]);
    case 3: {
      const copy = Buffer.from(line); // one byte another
      if (at < copy.length) copy[at] = random.below(256);
      return copy;
    }
    case 4: {
      // A value another, as JSON.
      const values = [...line.toString("latin1").matchAll(/:("[^"]*"|-?[\d.]+|\{\}|\[[^\]]*\])/g)];
      if (values.length === 0) return line;
      const { index, 0: whole } = random.pick(values);
      const head = line.subarray(0, index + 1);
      return Buffer.concat([
        head,
        Buffer.from(random.pick(PIECES)),
        line.subarray(index + whole.length),
      ]);
    }
    default: // only the beginning
      return line.subarray(0, at);
  }
}

/** @throws Error the process ended, or did not answer a ping after a batch */
export async function fuzzLines(lines: number, seed: number): Promise<FuzzOutcome> {
  const random = new Random(seed);
  const child = spawn(lightPython(), ["-u", "-X", "faulthandler"], {
    stdio: ["pipe", "pipe", "ignore"],
    env: { ...process.env, GRYM_PARENT_PID: String(process.pid) },
    detached: true,
  });
  child.stdin.on("error", () => undefined); // it is gone: its exit says how
  const waiting = new Map<string, () => void>();
  let answers = 0;
  let garbled = 0;
  const onLine = (line: string): void => {
    answers += 1;
    try {
      const { id } = JSON.parse(line) as { readonly id?: unknown };
      if (typeof id === "string") waiting.get(id)?.();
    } catch {
      garbled += 1;
    }
  };
  // Node's own readline also splits at U+2028.
  const reader = new LineReader(MAX_LINE_BYTES, { onLine, onOversize: () => (garbled += 1) });
  child.stdout.on("data", (chunk: Buffer) => reader.push(chunk));
  const ended = once(child, "exit") as Promise<[number | null, string | null]>;
  const readings: number[] = [];
  try {
    for (let done = 0; done < lines; done += BATCH) {
      const batch = Array.from({ length: Math.min(BATCH, lines - done) }, () => fuzzLine(random));
      const id = `after-${done + batch.length}`;
      // Of the model thread, which works what came before.
      batch.push(Buffer.from(JSON.stringify({ id, operation: "sleep", data: { seconds: 0 } })));
      const answered = new Promise<void>((resolve) => waiting.set(id, resolve));
      child.stdin.write(Buffer.concat(batch.flatMap((line) => [line, Buffer.from("\n")])));
      const limit = AbortSignal.timeout(LONGEST_WAIT_MS);
      const late = once(limit, "abort").then(() => Promise.reject(new Error(`hung before ${id}`)));
      const gone = ended.then(([code, signal]) => {
        throw new Error(`ended with ${signal ?? code} before ${id}`);
      });
      await Promise.race([answered, late, gone]);
      waiting.delete(id);
      readings.push(residentBytes(child.pid ?? 0));
    }
    child.stdin.end();
    const [exitCode] = await ended;
    const bytesAtTenth = readings[Math.floor(readings.length / 10)] ?? 0;
    return { lines, answers, garbled, bytesAtTenth, bytesAtEnd: readings.at(-1) ?? 0, exitCode };
  } finally {
    if (child.exitCode === null) child.kill("SIGKILL");
  }
}
