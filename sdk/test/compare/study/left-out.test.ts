import { describe, expect, it } from "vitest";
import type { ClipLabels, Dataset } from "../../../compare/dataset-types.ts";
import { leaveOut } from "../../../compare/study/left-out.ts";
import { InvalidArgumentError } from "../../../errors.ts";

function dataOf(labels: readonly ClipLabels[]): Dataset {
  const protocol = { kind: "free", metric: "accuracy", rule: "none", citation: "none" } as const;
  const rows = labels.map((each, at) => {
    const id = `clip-${at}`;
    return { id, path: `${id}.wav`, labels: each, clusterId: id, licence: "CC0-1.0" };
  });
  const facts = { name: "own", folder: "/own", licence: "CC0-1.0", citation: "own" };
  return { ...facts, rows, protocol, clusterBy: null };
}

describe("clips without a label", () => {
  const data = dataOf([
    { class: "dog", sex: "f" },
    { class: "cat", sex: null },
    { sex: "m" },
    { loudness: "quiet" },
  ]);

  it("are left out of the tasks that read it, and heard where another task reads what they have", () => {
    const tasks = [{ kind: "linear" }, { kind: "knn", label: "sex" }] as const;
    const { data: used, excluded } = leaveOut({ data, tasks });
    expect(used.rows.map(({ id }) => id)).toEqual(["clip-0", "clip-1", "clip-2"]);
    expect(excluded).toEqual([
      { id: "clip-1", reason: "no `sex`", tasks: ["knn"] },
      { id: "clip-2", reason: "no `class`", tasks: ["linear"] },
      { id: "clip-3", reason: "no `class`, `sex`", tasks: ["linear", "knn"] },
    ]);
  });

  it("are not there where all have one", () => {
    const { excluded } = leaveOut({
      data: dataOf([{ class: "dog" }, { class: "cat" }]),
      tasks: [{ kind: "mlp" }],
    });
    expect(excluded).toEqual([]);
  });

  it.each([
    ["mood", "one that clips of own have"],
    ["loudness", "have it are quiet"],
  ])("refuse a study when all lack %s, or all that have it have the same", (label, told) => {
    const ask = () => leaveOut({ data, tasks: [{ kind: "linear", label }] });
    expect(ask).toThrow(InvalidArgumentError);
    expect(ask).toThrow(told);
  });

  it("have nothing to tell apart where words are chosen: one label will do", () => {
    const { excluded } = leaveOut({ data, tasks: [{ kind: "zero-shot", label: "loudness" }] });
    expect(excluded).toHaveLength(3);
  });
});
