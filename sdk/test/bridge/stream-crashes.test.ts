/** Answers that come in parts, from several processes: each part once, and no work done twice. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeWav } from "../../audio/wav.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { OperationPart } from "../../bridge/operation-types.ts";
import type { TensorValue } from "../../bridge/tensors.ts";
import { ProcessExitError } from "../../errors.ts";
import { fakePython } from "./fake-python.ts";

const RATE = 16_000;
const onLog = (): void => undefined;
const audios = Array.from({ length: 30 }, (_, clip) => ({
  samples: Float32Array.from({ length: RATE }, (_, n) => Math.sin((n * (clip + 1)) / 30) / 2),
  sample_rate: RATE,
}));
const work = { audios, model: "fbank", batch_size: 2 } as const;
const byIndex = (a: [number, unknown], b: [number, unknown]): number => a[0] - b[0];

function rows({ indices, features }: OperationPart<"extract_features">): [number, unknown][] {
  const { data, shape } = features as TensorValue; // the protocol: a tensor where an arena is shared
  const width = shape[1] ?? 0;
  return indices.map((index, row) => [index, data.slice(row * width, (row + 1) * width)]);
}

function kill({ pid }: GAMABridge): void {
  process.kill(pid ?? 0, "SIGKILL");
}

/** A program that sends as many parts of one clip as it may, and writes down what it was asked and sent. */
function counting(log: string): string {
  return fakePython(`
    const note = (text) => require("node:fs").appendFileSync(${JSON.stringify(log)}, text + "\\n");
    let credit = 0, sequence = 0, first = 0, stream;
    const sendParts = () => {
      for (; stream !== undefined && credit > 0; credit--, sequence++) {
        const value = { indices: [first + sequence] };
        send({ event: "part", id: stream, data: { sequence, value } });
        note("part " + value.indices);
      }
    };
    ready();
    onRequest((request) => {
      if (request.operation === "credit") credit += request.data.count;
      else if (request.operation === "cancel") {
        stream = undefined;
        send({ id: request.data.id, error: { code: "cancelled", message: "", type: "" } });
      } else {
        ({ id: stream, credit } = request);
        first = (request.done ?? []).length;
        note("asked " + JSON.stringify({ credit, done: request.done }));
      }
      sendParts();
    });`);
}

describe("a stream whose process dies", () => {
  it("goes on with what is in no part yet, however often that happens", async () => {
    await using bridge = new GAMABridge({ onLog });
    const received: [number, unknown][] = [];
    const encoded: [process: number, clips: number][] = [];
    const onProgress = ({ stage, done }: { stage: string; done: number }): void => {
      if (stage === "encode") encoded.push([bridge.stats().starts, done]);
    };
    const stream = bridge.stream("extract_features", work, { window: 1, onProgress });
    for await (const part of stream) {
      received.push(...rows(part));
      const { starts } = bridge.stats();
      if (starts < 3 && received.length >= 8 * starts) {
        kill(bridge);
        await expect.poll(() => bridge.stats().starts, { timeout: 30_000 }).toBe(starts + 1);
      }
    }
    expect(bridge.stats()).toMatchObject({ starts: 3, repeated: 2 });
    expect(received.map(([index]) => index).sort((a, b) => a - b)).toEqual([...audios.keys()]);
    const { features } = await bridge.executeOperation("extract_features", work);
    const all = { indices: [...audios.keys()], features } as OperationPart<"extract_features">;
    expect(received.sort(byIndex)).toEqual(rows(all));
    for (const [process, clips] of encoded) expect(clips).toBeGreaterThan(8 * (process - 1));
  });

  it("loses no clip, and gives none twice, where the batches are others afterwards", async () => {
    await using bridge = new GAMABridge({ onLog });
    const folder = mkdtempSync(join(tmpdir(), "stream-"));
    const paths = Array.from({ length: 10 }, (_, index) => {
      const path = join(folder, `${index}.wav`);
      const samples = new Float32Array(RATE + index * 160).fill(0.1);
      writeFileSync(path, encodeWav([samples], RATE, "int16"));
      return path;
    });
    const data = { audios: paths, model: "fbank", batch_size: 1 };
    const stream = bridge.stream("extract_features", data, { window: 1 });
    const indices: number[] = [];
    let next = await stream.next();
    for (; !next.done; next = await stream.next()) {
      indices.push(...next.value.indices);
      if (indices.length === 3 && bridge.stats().starts === 1) {
        rmSync(paths[0] ?? ""); // its row has come
        rmSync(paths[9] ?? "");
        kill(bridge);
      }
    }
    expect(indices).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8]);
    expect(next.value.failures.map(({ index }) => index)).toEqual([9]);
  });

  it("is asked for no more parts than its window has room for", async () => {
    const log = join(mkdtempSync(join(tmpdir(), "stream-")), "log");
    writeFileSync(log, "");
    const notes = (): string[] => readFileSync(log, "utf8").trimEnd().split("\n");
    await using bridge = new GAMABridge({ onLog, python: counting(log) });
    const stream = bridge.stream("extract_features", work, { window: 4 });
    await stream.next(); // which the loop holds; three wait
    await expect.poll(notes).toHaveLength(5);
    kill(bridge);
    const expected = ['asked {"credit":4}', "part 0", "part 1", "part 2", "part 3"];
    expected.push('asked {"credit":0,"done":[0,1,2,3]}');
    await expect.poll(notes, { timeout: 30_000 }).toEqual(expected);
    for (const part of ["part 4", "part 5", "part 6", "part 7"]) {
      expect((await stream.next()).done).toBe(false);
      expected.push(part); // for the one before
      await expect.poll(notes).toEqual(expected);
    }
    await stream.return(undefined as never);
    await expect.poll(() => bridge.stats().abandoned).toBe(0);
  });

  it("is given up where processes die of it and bring nothing new", async () => {
    const deadly = fakePython(`
      ready();
      onRequest(({ id, done, operation }) => {
        if (operation !== "extract_features") return;
        if (!done) send({ event: "part", id, data: { sequence: 0, value: { indices: [0] } } });
        setTimeout(() => process.kill(process.pid, "SIGKILL"), 100);
      });`);
    await using bridge = new GAMABridge({ onLog, python: deadly });
    const stream = bridge.stream("extract_features", work);
    expect((await stream.next()).value).toMatchObject({ indices: [0] });
    await expect(stream.next()).rejects.toThrow(ProcessExitError);
  });
});
