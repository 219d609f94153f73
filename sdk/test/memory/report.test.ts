import { describe, expect, it, vi } from "vitest";
import type { MemorySpan as WireSpan } from "../../bridge/protocol.gen.ts";
import { bundleOf } from "../../display/bundle.ts";
import { textWidth } from "../../display/figure/text.ts";
import { labelledBands, toBands } from "../../memory/bands.ts";
import { MemoryReport } from "../../memory/memory-report.ts";
import type { PeakSource } from "../../models/memory-usage.ts";

const MEBIBYTE = 1024 * 1024;

function span(phase: string, began: number, seconds: number, peak: number, depth = 0): WireSpan {
  const memory = { start: 100 * MEBIBYTE, peak: peak * MEBIBYTE, end: 110 * MEBIBYTE };
  const kinds = { anonymous: 80 * MEBIBYTE, file_mapped: 25 * MEBIBYTE, shared: 5 * MEBIBYTE };
  return { operation: "any", phase, depth, began, seconds, ...memory, ...kinds, device_peak: null };
}

function makeReport(
  spans: readonly WireSpan[],
  peakOutside = 110,
  source: PeakSource = "high_water_mark",
): MemoryReport<number> {
  const peak = Math.max(peakOutside * MEBIBYTE, ...spans.map((each) => each.peak));
  const column = (value: number): number[] => [value * MEBIBYTE, value * MEBIBYTE];
  return new MemoryReport({
    name: "both <models>",
    value: 7,
    python: {
      seconds: 10,
      start_memory: 100 * MEBIBYTE,
      peak_memory: peak,
      end_memory: 110 * MEBIBYTE,
      used_memory: peak - 100 * MEBIBYTE,
      peak_source: source,
      peak_outside: peakOutside * MEBIBYTE,
      spans: [...spans],
      timeline: {
        interval: 0.01,
        seconds: [0, 10],
        anonymous: column(80),
        file_mapped: column(25),
        shared: column(5),
        device_allocated: [null, null],
      },
    },
    node: {
      startMemory: 50 * MEBIBYTE,
      peakMemory: 60 * MEBIBYTE,
      endMemory: 55 * MEBIBYTE,
      usedMemory: 10 * MEBIBYTE,
      peakSource: "sampled",
      timeline: { seconds: [0, 10], resident: [50 * MEBIBYTE, 55 * MEBIBYTE] },
    },
  });
}

/** Forty short phases by turns, as batches make them, after a long one. */
const MANY = [
  span("load", 0, 5, 300),
  span("import", 0, 4, 250, 1),
  ...Array.from({ length: 40 }, (_, index) =>
    span(index % 2 === 0 ? "frontend" : "encode", 5 + index / 8, 0.12, 200 + index),
  ),
];

describe("a memory report", () => {
  it("names the innermost phase with the highest peak", () => {
    const nested = [span("load", 0, 2, 300), span("read", 1, 1, 300, 1), span("encode", 3, 1, 200)];
    expect(makeReport(nested).python).toMatchObject({ peakPhase: "read", peakOperation: "any" });
  });

  it("says where the peak was outside of all phases", () => {
    const report = makeReport([span("encode", 3, 1, 200)], 400);
    expect(report.python.peakPhase).toBeNull();
    expect(report.toString()).toContain("peak 400 MiB outside of all phases");
  });

  it("sums the phases up by name", () => {
    const [, , , encode] = makeReport(MANY).byPhase;
    expect(encode).toMatchObject({ phase: "encode", calls: 20, peak: 239 * MEBIBYTE });
    expect(encode?.used).toBe(139 * MEBIBYTE);
    expect(encode?.seconds).toBeCloseTo(2.4);
  });

  it("shows picture and table in one form, and reads well as text", async () => {
    vi.stubEnv("GRYM_BROWSER", "/nowhere");
    const bundle = await bundleOf(makeReport(MANY));
    vi.unstubAllEnvs();
    expect(Object.keys(bundle).toSorted()).toEqual(["image/svg+xml", "text/html", "text/plain"]);
    expect(bundle["text/html"]).toMatch(/^<div><svg.*<\/svg><table.*<\/table><\/div>$/s);
    expect(bundle["text/plain"]).toMatch(
      /^MemoryReport\(both <models>: 10.00 s.*\nMemory by phase\n/,
    );
  });

  it("draws the kinds of memory as areas, every phase, Node's line and the flag also without a browser", async () => {
    vi.stubEnv("GRYM_BROWSER", "/nowhere");
    const bundle = await bundleOf(await makeReport(MANY).figure());
    vi.unstubAllEnvs();
    const svg = String(bundle["image/svg+xml"]);
    expect(svg.match(/class="area"/g)).toHaveLength(3);
    for (const text of ["peak 300 MiB", "load", "import", "frontend", "encode", "Node"]) {
      expect(svg).toContain(text);
    }
    expect(bundle["text/plain"]).not.toContain("not in the SVG");
  });
});

describe("the figure of a report", () => {
  it("calls a peak exact only where it is", async () => {
    vi.stubEnv("GRYM_BROWSER", "/nowhere");
    const report = makeReport(MANY, 110, "lifetime_peak");
    const svg = String((await bundleOf(await report.figure()))["image/svg+xml"]);
    vi.unstubAllEnvs();
    expect(svg).toContain("peak since the process started");
    expect(svg).not.toContain("exact");
  });

  it("flags a peak outside of all phases outside of all phases", async () => {
    const report = makeReport([span("encode", 0, 6, 200), span("encode", 6, 3, 200)], 400);
    const shown = (await bundleOf(await report.figure()))["application/vnd.plotly.v1+json"];
    const { layout } = shown as { layout: { annotations: { text: string; x: number }[] } };
    expect(layout.annotations.find(({ text }) => text.includes("outside"))?.x).toBe(10);
  });
});

describe("the bands of a report", () => {
  it("join neighbours of one phase", () => {
    const spans = [span("encode", 0, 1, 1), span("encode", 1.001, 1, 1), span("decode", 2, 1, 1)];
    const report = makeReport(spans);
    expect(toBands(report.phases, 0, 10)).toEqual([
      { phase: "encode", from: 0, to: 2.001 },
      { phase: "decode", from: 2, to: 3 },
    ]);
  });

  it("have names that never overlap, however many phases there are", () => {
    const bands = toBands(makeReport(MANY).phases, 0, 10);
    const pixels = 66;
    const places = labelledBands(bands, pixels, 11).map(({ phase, from, to }) => {
      const half = textWidth(phase, 11) / 2;
      const middle = ((from + to) / 2) * pixels;
      return [middle - half, middle + half] as const;
    });
    expect(places).toHaveLength(1); // only the long one has room
    for (const [index, [left]] of places.entries()) {
      expect(left).toBeGreaterThanOrEqual(places[index - 1]?.[1] ?? 0);
    }
  });
});
