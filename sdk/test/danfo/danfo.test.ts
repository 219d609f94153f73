import { createRequire } from "node:module";
import { table } from "arquero";
import { describe, expect, it } from "vitest";
import { DanfoMissingError, danfo, fromDanfo, toDanfo } from "../../../danfo/index.ts";
import { InvalidArgumentError } from "../../errors.ts";

const require = createRequire(import.meta.url);

function isInstalled(): boolean {
  try {
    createRequire(new URL("../../../danfo/", import.meta.url)).resolve("danfojs-node");
    return true;
  } catch {
    return false;
  }
}

const installed = isInstalled();
if (!installed)
  console.warn("danfo is not installed (npm run danfo, 340 MB): its tests are skipped");

describe("what stands for xlsx", () => {
  const xlsx = require("../../../danfo/xlsx");

  it.each(["read", "readFile", "writeFile"])("refuses %s with the reason", (name) => {
    expect(xlsx[name]).toThrow(expect.objectContaining({ code: "excel_unavailable" }));
    expect(xlsx[name]).toThrow("CVE-2023-30533");
  });
});

it.skipIf(installed)("without danfo the error says how to install it", () => {
  expect(() => toDanfo([{ a: 1 }])).toThrow(DanfoMissingError);
  expect(() => danfo()).toThrow("npm run danfo");
});

describe.skipIf(!installed)("danfo", () => {
  const rows = [
    { model: "gama-tiny", score: 0.5, layers: 4, trained: true, at: new Date(0) },
    { model: "mel", score: null, layers: 1, trained: false, at: new Date(1) },
    { model: 'ü "1"', score: Number.NaN, layers: 2 ** 40, trained: true, at: new Date(2) },
  ];

  it("takes rows and arquero tables, and gives the same table back", () => {
    const frame = toDanfo(rows);
    expect(frame.shape).toEqual([3, 5]);
    expect(frame.columns).toEqual(["model", "score", "layers", "trained", "at"]);
    expect(fromDanfo(frame).objects()).toEqual(rows);
    const typed = table({ f: new Float32Array([0.5, -1]), s: ["a", undefined] });
    expect(fromDanfo(toDanfo(typed)).objects()).toEqual([
      { f: 0.5, s: "a" },
      { f: -1, s: null },
    ]);
  });

  it("computes what arquero computes", () => {
    const frame = toDanfo([
      { model: "a", ms: 1 },
      { model: "b", ms: 5 },
      { model: "a", ms: 3 },
    ]);
    const means = fromDanfo(frame["groupby"](["model"]).col(["ms"]).mean()).objects();
    expect(means).toEqual([
      { model: "a", ms_mean: 2 },
      { model: "b", ms_mean: 5 },
    ]);
  });

  it.each([
    ["a bigint", [{ a: 1n }], 'source[0]["a"]'],
    ["an array", [{ a: 1 }, { a: [1] }], 'source[1]["a"]'],
    ["no rows", [], "`source`"],
    ["no columns", table({}), "`source`"],
  ])("refuses %s, which danfo would change or fail on", (_what, source, field) => {
    expect(() => toDanfo(source)).toThrow(InvalidArgumentError);
    expect(() => toDanfo(source)).toThrow(field);
  });

  it("refuses Excel files with the reason", async () => {
    const { readExcel, toExcel } = danfo();
    const refused = expect.objectContaining({ code: "excel_unavailable" });
    await expect(readExcel(import.meta.filename)).rejects.toEqual(refused);
    expect(() => toExcel(toDanfo(rows), { filePath: "never.xlsx" })).toThrow(refused);
  });
});
