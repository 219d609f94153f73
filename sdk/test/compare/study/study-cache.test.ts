import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { runStudy, type StudyRun } from "../../../compare/run-study.ts";
import type { Study } from "../../../compare/study-types.ts";
import { readRun } from "../../../records/run/read-run.ts";
import { makeStudy } from "./make-study.ts";

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
