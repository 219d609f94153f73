import { describe, expect, test } from "vitest";
import { completeSpec } from "../../display/figure/complete.ts";
import type { FigureSpec } from "../../display/index.ts";
import { renderSvg } from "../../display/svg/render.ts";
import { readXml, type XmlElement } from "./read-xml.ts";

const ARMS = [
  "gama-tiny",
  "gama-tiny (random)",
  "wav2vec2-tiny",
  "wav2vec2-tiny (random)",
  "fbank",
  "mfcc-20",
  "shuffled",
  "blind",
];

const PROBES: FigureSpec = {
  data: ["linear probe", "kNN"].map((name, probe) => ({
    type: "bar",
    name,
    x: ARMS,
    y: ARMS.map((_, arm) => 0.9 - 0.1 * arm - 0.05 * probe),
    error_y: { type: "data", array: ARMS.map(() => 0.04) },
  })),
  layout: {
    yaxis: { title: "accuracy", tickformat: ".0%", range: [0, 1] },
    shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: 0.083, y1: 0.083 }],
  },
};

function draw(spec: FigureSpec, title?: string): XmlElement[] {
  return readXml(renderSvg(completeSpec(spec, title), "a figure").svg);
}

function ofClass(elements: XmlElement[], name: string): XmlElement[] {
  return elements.filter(({ attributes }) => attributes["class"] === name);
}

function texts(elements: XmlElement[]): string[] {
  return elements.filter(({ name }) => name === "tspan").map(({ text }) => text);
}

describe("the SVG of a figure", () => {
  test("has one bar and one error bar for each value, and the line of chance", () => {
    const elements = draw(PROBES, "Accuracy");
    expect(ofClass(elements, "bar")).toHaveLength(16);
    expect(ofClass(elements, "error-bar")).toHaveLength(16);
    expect(ofClass(elements, "shape")).toHaveLength(1);
  });

  test("draws bars as high as their values", () => {
    const heights = ofClass(draw(PROBES), "bar").map(({ attributes }) =>
      Number(attributes["height"]),
    );
    const perUnit = (heights[0] ?? 0) / 0.9;
    const values = PROBES.data.flatMap(({ y }) => Array.from(y ?? []).map(Number));
    for (const [index, value] of values.entries()) {
      expect(heights[index]).toBeCloseTo(value * perUnit, 1);
    }
  });

  test("keeps the bars of one group beside each other, without overlap", () => {
    const boxes = ofClass(draw(PROBES), "bar").map(({ attributes }) => ({
      left: Number(attributes["x"]),
      right: Number(attributes["x"]) + Number(attributes["width"]),
    }));
    const sorted = boxes.toSorted((a, b) => a.left - b.left);
    for (const [index, box] of sorted.slice(1).entries()) {
      expect(box.left).toBeGreaterThan(sorted[index]?.right ?? Number.POSITIVE_INFINITY);
    }
  });

  test("writes title, axis, categories, legend, percent ticks and the values", () => {
    const written = texts(draw(PROBES, "Accuracy"));
    expect(written).toEqual(
      expect.arrayContaining([
        "Accuracy",
        "accuracy",
        "linear probe",
        "kNN",
        "fbank",
        "20%",
        "90%",
      ]),
    );
    expect(written).toEqual(expect.arrayContaining(["gama-tiny", "(random)"]));
  });

  test("stacks bars on top of each other when asked", () => {
    const data = [2, 3].map((value) => ({
      type: "bar",
      name: `${value} MB`,
      x: ["peak"],
      y: [value],
    }));
    const [first, second] = ofClass(draw({ data, layout: { barmode: "stack" } }), "bar");
    const bottom = Number(second?.attributes["y"]) + Number(second?.attributes["height"]);
    expect(bottom).toBeCloseTo(Number(first?.attributes["y"]), 1);
  });

  test("draws markers, lines and texts of scatters, and breaks a line at a gap", () => {
    const data = [
      {
        name: "a",
        mode: "markers+text",
        x: [1, 2, 3],
        y: Float32Array.of(1, 4, 9),
        text: ["p", "q", "r"],
      },
      { name: "b", mode: "lines", x: [1, 2, 3, 4], y: [1, Number.NaN, 3, 4] },
    ];
    const elements = draw({ data, layout: {} });
    expect(ofClass(elements, "marker").length).toBe(3 + 1); // and one in the legend
    expect(texts(elements)).toEqual(expect.arrayContaining(["p", "q", "r"]));
    const [line] = ofClass(elements, "line");
    expect(line?.attributes["d"]?.match(/M/g)).toHaveLength(2);
  });

  test("writes decades on a logarithmic axis, and equal factors at equal distances", () => {
    const data = [{ mode: "markers", x: [1, 2, 3], y: [1, 10, 100] }];
    const elements = draw({ data, layout: { yaxis: { type: "log" } } });
    expect(texts(elements)).toEqual(expect.arrayContaining(["1", "10", "100"]));
    const places = ofClass(elements, "marker").map(({ attributes }) => Number(attributes["cy"]));
    const [low = 0, middle = 0, high = 0] = places;
    expect(low - middle).toBeCloseTo(middle - high, 1);
  });

  test("escapes every text, and never makes markup of one", () => {
    const attack = `<script>alert("1")</script>&'\u0000`;
    const data = [
      { type: "bar", name: attack, x: [attack], y: [1], text: [attack], textposition: "outside" },
      { type: "bar", name: "b", x: [attack], y: [1], marker: { color: `red" onload="alert(1)` } },
    ];
    const layout = { xaxis: { title: attack }, annotations: [{ text: attack, x: 0, y: 1 }] };
    const elements = draw({ data, layout }, attack);
    expect(elements.filter(({ name }) => name === "script")).toEqual([]);
    expect(elements.filter(({ attributes }) => "onload" in attributes)).toEqual([]);
    expect(elements.filter(({ text }) => text.includes("<script>")).length).toBeGreaterThan(4);
  });

  test("draws figures without data, with one point and with equal values", () => {
    for (const y of [[], [3], [2, 2, 2], [null, Number.NaN]]) {
      const svg = renderSvg(completeSpec({ data: [{ y, mode: "markers" }], layout: {} }), "").svg;
      readXml(svg);
      expect(svg).not.toMatch(/NaN|Infinity|undefined/);
    }
  });

  test("says what it does not know to draw", () => {
    const spec = { data: [{ type: "heatmap" }, { type: "bar", y: [1] }], layout: {} };
    expect(renderSvg(completeSpec(spec), "").notDrawn).toEqual(["series of type heatmap"]);
    expect(renderSvg(completeSpec(PROBES), "").notDrawn).toEqual([]);
  });
});
