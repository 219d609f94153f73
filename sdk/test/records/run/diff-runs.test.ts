import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { diffRuns } from "../../../records/run/diff-runs.ts";
import { openRun } from "../../../records/run/open-run.ts";
import type { JsonObject, RunOpening } from "../../../records/run/opening.ts";
import { readSeal } from "../../../records/run/seal.ts";
import { FILE, makeMachine, makeOpening, makeParent, rowsOf } from "./make-opening.ts";

const versions = { node: "24.0.0", torch: "2.13.0", scipy: "1.17.1" };

async function makeRun(
  change: Partial<RunOpening> = {},
  rows: readonly JsonObject[] = rowsOf("chunk-0"),
  results: JsonObject = { difference: 0.25 },
): Promise<string> {
  const run = await openRun(makeParent(), makeOpening(change));
  await run.appendChunk("chunk-0", { [FILE]: rows, "cost.jsonl": [{ wallMs: Math.PI }] });
  await run.seal(results);
  await run.close();
  return run.folder;
}

const [first = {}, second = {}] = rowsOf("chunk-0");
const changed = [first, { ...second, score: 1 }];

describe("the difference of two runs", () => {
  it("is none where all is the same but the time", async () => {
    const found = await diffRuns(
      await makeRun(),
      await makeRun({ machine: makeMachine({ date: "later" }) }),
    );
    expect(found).toMatchObject({ rows: [], results: [] });
    expect(found.fields.map(({ path }) => path)).toEqual(["machine.date"]);
    expect(found.quality).toBe("Outcomes and results are the same to the bit");
  });

  it.each<[string, Partial<RunOpening>, string]>([
    [
      "an arm",
      { arms: { ...makeOpening().arms, a: { model: "gama-tiny", dtype: "bfloat16" } } },
      'arms.a.dtype is "float32" in the one and "bfloat16" in the other',
    ],
    [
      "the data before the arm",
      { manifest: [{ id: "clip-0", sha256: "1", pcm: "2" }], arms: { a: { model: "other" } } },
      "data.root",
    ],
    [
      "a seed",
      { study: { ...makeOpening().study, seed: 2 } },
      "study.seed is 1 in the one and 2 in the other",
    ],
    [
      "a package",
      { machine: makeMachine({ versions: { ...versions, torch: "2.14.0" } }) },
      "machine.versions.torch",
    ],
    [
      "the threads, where nothing else differs",
      { machine: makeMachine({ threads: 1 }) },
      "machine.threads is 2 in the one and 1 in the other",
    ],
  ])("names the field that explains other outcomes: %s", async (_what, change, told) => {
    const found = await diffRuns(await makeRun(), await makeRun(change, changed));
    expect(found.rows).toContainEqual({ path: FILE, changed: 1, onlyA: 0, onlyB: 0 });
    expect(found.quality).toContain("1 outcomes differ: ");
    expect(found.quality).toContain(told);
  });

  it("says so where nothing that was recorded explains it", async () => {
    const found = await diffRuns(await makeRun(), await makeRun({}, [first]));
    expect(found.rows).toEqual([{ path: FILE, changed: 0, onlyA: 1, onlyB: 0 }]);
    expect(found.quality).toContain("not deterministic");
  });

  it("takes no change by hand for chance", async () => {
    const [a, b] = [await makeRun(), await makeRun()];
    appendFileSync(join(b, FILE), `${JSON.stringify(first)}\n`);
    await expect(diffRuns(a, b)).rejects.toThrow(`${FILE} was changed`);
  });

  it("looks to the statistics where outcomes are the same and results are not", async () => {
    const machine = makeMachine({ versions: { ...versions, scipy: "1.18.0" } });
    const found = await diffRuns(
      await makeRun(),
      await makeRun({ machine }, undefined, { difference: 0.26 }),
    );
    expect(found.results).toEqual([{ path: "difference", a: 0.25, b: 0.26 }]);
    expect(found.quality).toContain("machine.versions.scipy");
  });

  it("tells costs that do not compare", async () => {
    const machine = makeMachine({ governor: "powersave" });
    const [a, b] = [await makeRun(), await makeRun({ machine })];
    expect((await diffRuns(a, b)).cost).toBe("Costs are the same, or were not measured");
    const [inA, inB] = [await readSeal(a), await readSeal(b)];
    expect(inA.qualityKey).toBe(inB.qualityKey);
    expect(inA.costKey).not.toBe(inB.costKey);
  });
});
