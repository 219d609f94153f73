import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { labelMapper } from "../../../compare/label-mapper.ts";
import { runStudy, type StudyRun } from "../../../compare/run-study.ts";
import type { CostCall, Study } from "../../../compare/study-types.ts";
import { readRun } from "../../../records/run/read-run.ts";
import { makeCostStudy, makeStudy } from "./make-study.ts";

const makeParent = (): string => mkdtempSync(join(tmpdir(), "study-"));
const env = { ...process.env, GRYM_CACHE: makeParent(), GRYM_FEATURE_CACHE_MB: "64" };
const bridge = new GAMABridge({ transport: "spawn", env });
const ARMS = ["fbank", "mfcc-20", "wav2vec2", "wav2vec2-random"];
/** Of the 36 clips. */
const CHUNKS = ["000", "001", "002"];
const HEARD = ARMS.length * CHUNKS.length;

async function makeFeatureStudy(change: Partial<Study>): Promise<Study> {
  const arms = [{ id: "wav2vec2", model: "wav2vec2-tiny", reads: { by: "features" } }] as const;
  return await makeStudy({ arms, primary: [], ...change });
}

function readRows({ folder }: StudyRun): Record<string, string> {
  const files = ["answers", "outcomes"].flatMap((part) =>
    readdirSync(join(folder, part)).map((name) => join(part, name)),
  );
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(folder, file), "utf8")]));
}

let first: StudyRun;
let second: StudyRun;
const searching = { tasks: [{ kind: "retrieval" }] } as const;

beforeAll(async () => {
  const probing = await makeFeatureStudy({ tasks: [{ kind: "knn" }] });
  first = await runStudy(probing, { out: makeParent(), bridge });
  second = await runStudy(await makeFeatureStudy(searching), { out: makeParent(), bridge });
}, 240_000);
afterAll(() => bridge.shutdown());

describe("features that another study has computed", () => {
  it("are taken from the disk, and the record names each chunk", async () => {
    expect(first.heard).toEqual({ chunks: HEARD, fromCache: 0 });
    expect(second.heard).toEqual({ chunks: HEARD, fromCache: HEARD });
    const { journal } = await readRun(second.folder);
    const cached = journal.filter(({ kind }) => kind === "cached");
    expect(cached.map(({ arm, chunk }) => `${arm} ${chunk}`).sort()).toEqual(
      ARMS.flatMap((arm) => CHUNKS.map((chunk) => `${arm} ${chunk}`)),
    );
  });

  it("give the rows and results that hearing gives, to the bit", async () => {
    const options = { out: makeParent(), bridge, cache: false };
    const heard = await runStudy(await makeFeatureStudy(searching), options);
    expect(heard.heard.fromCache).toBe(0);
    expect(readRows(second)).toEqual(readRows(heard));
    expect(second.results).toEqual(heard.results);
  });

  it("are taken by a study that goes on behind an interrupt, with the same rows", async () => {
    const out = makeParent();
    const controller = new AbortController();
    const interrupted = runStudy(await makeFeatureStudy(searching), {
      out,
      bridge,
      cache: false,
      signal: controller.signal,
      onProgress: ({ stage, message }) => {
        if (stage === "hear" && message === "wav2vec2, chunk 001") controller.abort();
      },
    });
    await expect(interrupted).rejects.toThrow();
    const resumed = await runStudy(await makeFeatureStudy(searching), { out, bridge });
    expect(resumed.state).toBe("resumed");
    expect(resumed.heard.fromCache).toBeGreaterThan(0);
    expect(resumed.heard.fromCache).toBeLessThan(HEARD);
    expect(readRows(resumed)).toEqual(readRows(second));
    expect(resumed.results).toEqual(second.results);
  });
});

/** One model is asked in two ways; its twins with random weights are, too. */
const ANSWERS = {
  arms: [
    {
      id: "ranks",
      model: "gama-tiny",
      reads: {
        by: "score",
        prompt: "What is the main sound?",
        candidates: { dog: "a dog", cat: "a cat", bird: "a bird", "church bell": "a church bell" },
        rule: "sum",
      },
    },
    {
      id: "says",
      model: "gama-tiny",
      reads: {
        by: "text",
        prompt: "What is the main sound?",
        mapper: labelMapper({
          dog: ["a dog"],
          cat: ["a cat"],
          bird: ["a bird"],
          "church bell": ["a church bell"],
        }),
      },
    },
  ],
  tasks: [{ kind: "zero-shot" }],
  primary: [],
} as const satisfies Partial<Study>;

describe("answers that another run has computed", () => {
  it("are taken from the disk by a new process, to the bit, and said to be", async () => {
    const study = await makeStudy(ANSWERS);
    const other = new GAMABridge({ transport: "spawn", env });
    try {
      const asked = await runStudy(study, { out: makeParent(), bridge });
      const known = await runStudy(study, { out: makeParent(), bridge: other, fresh: true });
      const { chunks } = asked.heard;
      expect(asked.heard.fromCache).toBe(0);
      expect(known.heard).toEqual({ chunks, fromCache: chunks });
      expect(readRows(known)).toEqual(readRows(asked));
      expect(known.results).toEqual(asked.results);
      const cached = (await readRun(known.folder)).journal.filter(({ kind }) => kind === "cached");
      expect(new Set(cached.map(({ arm }) => arm))).toEqual(
        new Set(["ranks", "says", "ranks-random", "says-random"]),
      );
      const again = await runStudy(study, { out: makeParent(), bridge, cache: false });
      expect(again.heard.fromCache).toBe(0);
      expect(readRows(again)).toEqual(readRows(asked));
    } finally {
      await other.shutdown();
    }
  }, 240_000);

  it("are never timed: processes that have the same cache compute all of it", async () => {
    for (const [name, value] of Object.entries(env)) vi.stubEnv(name, value);
    try {
      const cost = {
        pair: ["ranks", "says"],
        incarnations: 1,
        blocks: 1,
        clipsPerSlot: 1,
        noiseFloor: false,
      } as const;
      const study = await makeCostStudy({ ...ANSWERS, cost });
      const options = { out: makeParent(), bridge, fresh: true };
      await runStudy(study, options);
      const { heard, folder } = await runStudy(study, options);
      expect(heard.fromCache).toBe(heard.chunks);
      const { rows } = await readRun(folder);
      const calls = (rows["cost.jsonl"] ?? []) as unknown as readonly CostCall[];
      expect(calls.filter(({ call }) => call === "batch")).toHaveLength(4);
    } finally {
      vi.unstubAllEnvs();
    }
  }, 300_000);
});
