import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { type Dataset, mergeSources, readTrainingList } from "../../compare/index.ts";
import { findHeard, leaveOutHeard, recordExposure } from "../../compare/study/heard-in-training.ts";
import type { Arm } from "../../compare/study-types.ts";
import { InvalidArgumentError } from "../../errors.ts";

const data: Dataset = {
  name: "clips",
  folder: ".",
  rows: ["a", "b", "c", "d", "d"].map((clusterId, at) => ({
    id: `clip-${at}`,
    path: `${at}.wav`,
    labels: { class: "dog" },
    clusterId,
    licence: "CC0-1.0",
    ...(at < 3 ? { freesoundId: String(100 + at) } : {}),
  })),
  licence: "CC0-1.0",
  citation: "",
  protocol: { kind: "free", metric: "accuracy", rule: "none", citation: "nobody" },
  clusterBy: "recording",
};
const sourcesOf = ({ rows }: Dataset): string[] => rows.map(({ clusterId }) => clusterId);

describe("mergeSources", () => {
  it("gives whole sources one id, over several pairs, and leaves the others", () => {
    const merged = mergeSources(data, [
      { clips: ["clip-1", "clip-0"] },
      { clips: ["clip-1", "clip-3"] },
    ]);
    expect(sourcesOf(merged)).toEqual(["b", "b", "c", "b", "b"]);
    expect(sourcesOf(mergeSources(data, []))).toEqual(sourcesOf(data));
    expect(sourcesOf(mergeSources(data, [{ clips: ["clip-3", "clip-4"] }]))).toEqual(
      sourcesOf(data),
    );
    const circle = ["01", "12", "20"].map((at) => ({
      clips: [...at].map((each) => `clip-${each}`),
    }));
    expect(new Set(sourcesOf(mergeSources(data, circle)).slice(0, 3)).size).toBe(1);
  });
});

const arms: readonly Pick<Arm, "id" | "exposure">[] = [
  {
    id: "clap",
    exposure: { kind: "same corpus", source: "its paper", freesoundIds: ["101", "7", "102", "7"] },
  },
  { id: "other", exposure: { kind: "none", source: "its card" } },
];

describe("clips that were heard in training", () => {
  const heard = findHeard(data, arms);

  it("are found by their Freesound ids, and it is told of how many nobody knows", () => {
    expect(heard).toEqual([{ arm: "clap", clips: ["clip-1", "clip-2"], known: 3 }]);
  });

  it("are left out only where the study asks for it, with the reason", () => {
    expect(leaveOutHeard({ data }, heard)).toEqual({ dataset: data, excluded: [] });
    const { dataset, excluded } = leaveOutHeard({ data, heardInTraining: "exclude" }, heard);
    expect(dataset.rows.map(({ id }) => id)).toEqual(["clip-0", "clip-3", "clip-4"]);
    expect(excluded).toEqual([
      { id: "clip-1", reason: "heard in training by clap" },
      { id: "clip-2", reason: "heard in training by clap" },
    ]);
  });

  it("stand in the design by length and digest, not one by one", () => {
    const exposure = recordExposure({ kind: "same corpus", source: "", freesoundIds: ["2", "1"] });
    expect(exposure).toEqual({
      kind: "same corpus",
      source: "",
      trainingList: { ids: 2, sha256: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const turned = recordExposure({
      kind: "same corpus",
      source: "",
      freesoundIds: ["1", "2", "1"],
    });
    expect(turned).toEqual(exposure);
    expect(recordExposure({ kind: "none", source: "a card" })).toEqual({
      kind: "none",
      source: "a card",
    });
  });

  it("come from a file with one number a line, and from no other", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "training-")), "ids.txt");
    writeFileSync(path, "100\r\n\n7\n");
    expect(await readTrainingList(path)).toEqual(["100", "7"]);
    for (const text of ["id\n100\n", "\n"]) {
      writeFileSync(path, text);
      await expect(readTrainingList(path)).rejects.toThrow(InvalidArgumentError);
    }
  });
});
