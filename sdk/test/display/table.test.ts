import { table as arquero } from "arquero";
import { describe, expect, test } from "vitest";
import { bundleOf, html, table } from "../../display/index.ts";
import { readXml } from "./read-xml.ts";

function cells(source: string, name = "td"): { text: string; style: string }[] {
  return readXml(source)
    .filter((element) => element.name === name)
    .map(({ text, attributes }) => ({ text, style: attributes["style"] ?? "" }));
}

describe("table", () => {
  test("aligns numbers right with equal decimals, and words left", () => {
    const { source } = table([
      { model: "gama-tiny", accuracy: 0.8, clips: 360 },
      { model: "fbank", accuracy: 0.6251, clips: 12 },
    ]);
    const [model, accuracy, clips] = cells(source);
    expect([model?.text, accuracy?.text, clips?.text]).toEqual(["gama-tiny", "0.800", "360"]);
    expect(model?.style).toContain("text-align:left");
    expect(accuracy?.style).toContain("text-align:right");
    expect(cells(source)[4]?.text).toBe("0.625");
    expect(cells(source, "th").map(({ text }) => text)).toEqual(["model", "accuracy", "clips"]);
  });

  test("never writes a number that is not zero as zero, unless digits were asked for", () => {
    const rows = [{ p: 0.00004 }, { p: 0.8 }, { p: 0 }];
    expect(cells(table(rows).source).map(({ text }) => text)).toEqual([
      "0.00004",
      "0.800",
      "0.000",
    ]);
    expect(cells(table(rows, { digits: 2 }).source)[0]?.text).toBe("0.00");
  });

  test("takes the asked digits, and marks what is missing", () => {
    const { source } = table([{ a: 1.23456 }, { a: null }, { a: Number.NaN }, { a: -2 }], {
      digits: 1,
    });
    expect(cells(source).map(({ text }) => text)).toEqual(["1.2", "–", "NaN", "−2.0"]);
  });

  test("shows an arquero table, also when it is displayed as it is", async () => {
    const frame = arquero({ id: ["a", "b"], seconds: [1.5, 2] });
    expect(cells(table(frame).source).map(({ text }) => text)).toEqual([
      "a",
      "1.500",
      "b",
      "2.000",
    ]);
    const shown = await bundleOf(frame);
    expect(shown["text/html"]).toBe(table(frame, { structure: true, limit: 20 }).source);
  });

  test("escapes names, values and title, and leaves trusted html as it is", () => {
    const attack = "<img src=x onerror=alert(1)>";
    const { source } = table([{ [attack]: attack, player: html("<b>play</b>") }], {
      title: attack,
    });
    const names = readXml(source).map(({ name }) => name);
    expect(names).not.toContain("img");
    expect(names).toContain("b");
  });

  test("cannot be tricked into trust by an object that looks like html", () => {
    const forged = JSON.parse(`{"source": "<script>1</script>", "text": "x"}`);
    expect(table([{ forged }]).source).not.toContain("<script>");
  });

  test("of more than a hundred rows shows the first and last fifty, and says how many stand between", () => {
    const rows = Array.from({ length: 1000 }, (_, n) => ({ n }));
    const { source, text } = table(rows);
    expect(readXml(source).filter(({ name }) => name === "tr")).toHaveLength(1 + 100 + 1);
    const lines = text.split("\n");
    expect([lines[51], lines[52], lines[53]]).toEqual([" 49", "… 900 more rows", "950"]);
    expect(lines.at(-1)).toBe("999");
  });

  test("of a data frame tells numbers of rows, types as TypeScript writes them, and the size", () => {
    const rows = [
      { id: "a", seconds: 1.5, labels: ["x"] },
      { id: "b", seconds: null, labels: [] },
    ];
    const { source, text } = table(rows, { structure: true });
    expect(cells(source, "th").map((head) => head.text)).toEqual([
      "",
      "idstring",
      "secondsnumber | null",
      "labelsarray",
    ]);
    expect(text.split("\n").at(-1)).toBe("2 rows × 3 columns");
    expect(text).toMatch(/^0 {2}a/m);
  });

  test("stands in columns as plain text", () => {
    const { text } = table(
      [
        { model: "fbank", seconds: 12 },
        { model: "gama-tiny", seconds: 3 },
      ],
      { title: "Time" },
    );
    expect(text.split("\n")).toEqual([
      "Time",
      "model      seconds",
      "─────────  ───────",
      "fbank           12",
      "gama-tiny        3",
    ]);
  });
});
