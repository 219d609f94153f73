import { readFileSync } from "node:fs";
import { asyncBufferFromFile, parquetMetadataAsync, parquetReadObjects } from "hyparquet";
import { describe, expect, it } from "vitest";
import { exportRun, type Outcome, readRun } from "../../../compare/index.ts";
import { makeRun, OUTCOMES } from "./fixture.ts";

const [first] = OUTCOMES;
if (first === undefined) throw new Error("the fixture has no outcome");
const ODD: readonly Outcome[] = [
  {
    ...first,
    said: 'a "bell", or\ntwo',
    fold: null,
    detail: { scores: { bell: 0.25, dog: 0.75 }, text: "" },
  },
  { ...first, clip: "tagged", truth: ["bell", "dog"], said: null, status: "unmapped", score: 0 },
];

describe("exportRun", () => {
  it("writes every row as Parquet, with types, nulls, and the root of the run", async () => {
    const folder = await makeRun();
    const [path = ""] = await exportRun(folder, ["parquet"]);
    const file = await asyncBufferFromFile(path);
    const rows = await parquetReadObjects({ file });
    expect(rows).toHaveLength(OUTCOMES.length);
    const known = new Map(OUTCOMES.map((it) => [`${it.task} ${it.arm} ${it.clip}`, it]));
    for (const row of rows) {
      const outcome = known.get(`${row["task"]} ${row["arm"]} ${row["clip"]}`);
      const { score, said, cluster, fold } = outcome ?? {};
      expect(row).toMatchObject({ score, said, source: cluster, fold, rank: null });
    }
    const { key_value_metadata: facts } = await parquetMetadataAsync(file);
    const { seal } = await readRun(folder);
    expect(facts).toContainEqual({ key: "root", value: seal?.root });
  });

  it("writes CSV that keeps quotes, line ends, lists, and null apart from empty text", async () => {
    const folder = await makeRun({ outcomes: ODD });
    const [path = ""] = await exportRun(folder, ["csv"]);
    const [head = [], ...rows] = readCsv(readFileSync(path, "utf8"));
    const at = (row: number, name: string): string | null | undefined =>
      rows[row]?.[head.indexOf(name)];
    expect(at(0, "said")).toBe('a "bell", or\ntwo');
    expect(at(0, "text")).toBe("");
    expect(at(1, "text")).toBeNull();
    expect(at(0, "fold")).toBeNull();
    expect(JSON.parse(at(0, "scores") ?? "")).toEqual({ bell: 0.25, dog: 0.75 });
    expect(JSON.parse(at(1, "truth") ?? "")).toEqual(["bell", "dog"]);
    expect(at(1, "status")).toBe("unmapped");
  });

  it("writes both forms, and leaves the seal whole", async () => {
    const folder = await makeRun();
    const files = await exportRun(folder);
    expect(files.map((file) => file.slice(folder.length))).toEqual([
      "/export/outcomes.csv",
      "/export/outcomes.parquet",
    ]);
    expect((await readRun(folder)).seal).not.toBeNull();
  });
});

/** RFC 4180, with a bare empty field as null. */
function readCsv(text: string): (string | null)[][] {
  const fields = [...text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\n]*))(,|\n)/g)];
  const rows: (string | null)[][] = [[]];
  for (const [, quoted, bare = "", end] of fields) {
    const empty = bare === "" ? null : bare;
    rows.at(-1)?.push(quoted === undefined ? empty : quoted.replaceAll('""', '"'));
    if (end === "\n") rows.push([]);
  }
  return rows.slice(0, -1);
}
