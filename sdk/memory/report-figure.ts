/** The picture of a memory report. Loaded when one is shown: the root import stays light. */
import type { Annotation, Shape, Trace } from "../display/figure/spec.ts";
import { HOUSE, PALETTE, SIDES } from "../display/figure/template.ts";
import { figure } from "../display/figure.ts";
import type { DisplayObject } from "../display/mime.ts";
import { type Band, labelledBands, toBands } from "./bands.ts";
import { formatMebibytes, mebibytes, PEAK_NAMES } from "./format.ts";
import type { MemoryReport } from "./memory-report.ts";
import type { MemorySpan, MemoryTimeline } from "./spans.ts";

const COLOURS = {
  anonymous: "#0072B2",
  fileMapped: "#56B4E9",
  shared: "#009E73",
  device: "#CC79A7",
  node: "#D55E00",
  peak: HOUSE.ink,
} as const;
const LABEL_SIZE = 11;
/** Height of a row of named bands at the top of the plot, in parts of it. */
const ROW = 0.06;
/** Share of the peak left free above it, for two rows of bands and the flag. */
const HEADROOM = 0.36;
/** More points than pixels would only make the notebook larger. */
const MAX_POINTS = 600;

/** Memory by kind as stacked areas, phases as bands with their exact peaks, Node's line, the peak flagged. */
export function reportFigure(report: MemoryReport): DisplayObject {
  const { seconds, phases, python } = report;
  const top = highest(report) * (1 + HEADROOM);
  const rows = [0, 1].map((depth) => toBands(phases, depth, seconds));
  const pixels = (HOUSE.width - SIDES) / seconds;
  const labelled = rows.map((bands) => labelledBands(bands, pixels, LABEL_SIZE));
  const names = new Set(rows.flat().map(({ phase }) => phase));
  const colours = new Map([...names].map((name, index) => [name, bandColour(index)]));
  const named = new Set(labelled.flat().map(({ phase }) => phase));
  const unnamed = [...names].filter((name) => !named.has(name));
  return figure({
    title: report.name === "" ? "Memory" : `Memory: ${report.name}`,
    data: [
      ...areas(report.timeline),
      peakSteps(report, rows),
      nodeLine(report),
      ...deviceLine(report),
      ...unnamed.map((name) => bandKey(name, colours.get(name) ?? HOUSE.grid)),
    ],
    layout: {
      xaxis: { title: "seconds", range: [0, seconds], showgrid: false },
      yaxis: { title: "resident memory, MiB", range: [0, mebibytes(top)] },
      hovermode: "x unified",
      shapes: rows.flatMap((bands, row) =>
        bands.flatMap((band) => bandShapes(band, row, colours.get(band.phase) ?? HOUSE.grid)),
      ),
      annotations: [
        ...labelled.flatMap((bands, row) => bands.map((band) => bandLabel(band, row))),
        peakFlag(report, python.peakPhase),
      ],
    },
  });
}

function highest({ python, node, device }: MemoryReport): number {
  return Math.max(python.peakMemory, node.peakMemory, device?.peakMemory ?? 0);
}

function areas(timeline: MemoryTimeline): Trace[] {
  const kept = thin(timeline);
  const x = kept.map((index) => timeline.seconds[index]);
  const area = (name: string, column: readonly number[], color: string): Trace => ({
    name,
    x,
    y: kept.map((index) => mebibytes(column[index] ?? 0)),
    mode: "lines",
    stackgroup: "python",
    line: { width: 0, color },
    fillcolor: `${color}99`,
    hovertemplate: "%{y:.1f} MiB",
  });
  return [
    area("anonymous", timeline.anonymous, COLOURS.anonymous),
    area("file-mapped", timeline.fileMapped, COLOURS.fileMapped),
    area("shared", timeline.shared, COLOURS.shared),
  ];
}

/** Samples to draw: of each stretch of neighbours the highest. */
function thin({ seconds, anonymous, fileMapped, shared }: MemoryTimeline): number[] {
  const total = (index: number): number =>
    (anonymous[index] ?? 0) + (fileMapped[index] ?? 0) + (shared[index] ?? 0);
  const size = Math.ceil(seconds.length / MAX_POINTS);
  const kept: number[] = [];
  for (let start = 0; start < seconds.length; start += size) {
    const stretch = seconds.slice(start, start + size).map((_, offset) => start + offset);
    kept.push(stretch.reduce((best, index) => (total(index) > total(best) ? index : best)));
  }
  const last = seconds.length - 1;
  return kept.at(-1) === last ? kept : [...kept, last];
}

/** A line over each band at the highest of its peaks, with gaps between. */
function peakSteps({ phases, python }: MemoryReport, rows: readonly (readonly Band[])[]): Trace {
  const steps = rows.flatMap((bands, depth) =>
    bands.map(({ from, to }) => {
      const inside = phases.filter(
        (span) => span.depth === depth && span.began >= from && span.began <= to,
      );
      return { from, to, peak: mebibytes(Math.max(...inside.map(({ peak }) => peak))) };
    }),
  );
  return {
    name: PEAK_NAMES[python.peakSource],
    x: steps.flatMap(({ from, to }) => [from, to, null]),
    y: steps.flatMap(({ peak }) => [peak, peak, null]),
    mode: "lines",
    line: { color: COLOURS.peak, width: 1.6 },
    hovertemplate: "%{y:.1f} MiB",
  };
}

function nodeLine({ node }: MemoryReport): Trace {
  const step = Math.ceil(node.timeline.seconds.length / MAX_POINTS);
  const kept = (column: readonly number[]): number[] => column.filter((_, i) => i % step === 0);
  return {
    name: "Node",
    x: kept(node.timeline.seconds),
    y: kept(node.timeline.resident).map(mebibytes),
    mode: "lines",
    line: { color: COLOURS.node, width: 1.6, dash: "dot" },
    hovertemplate: "%{y:.1f} MiB",
  };
}

function deviceLine({ device, timeline }: MemoryReport): Trace[] {
  if (device === null) return [];
  const kept = thin(timeline);
  return [
    {
      name: "CUDA, allocated",
      x: kept.map((index) => timeline.seconds[index]),
      y: kept.map((index) => {
        const held = timeline.deviceAllocated[index];
        return typeof held === "number" ? mebibytes(held) : null;
      }),
      mode: "lines",
      line: { color: COLOURS.device, width: 2 },
      hovertemplate: "%{y:.1f} MiB",
    },
  ];
}

function bandColour(index: number): string {
  return PALETTE[(index + 1) % PALETTE.length] ?? HOUSE.grid;
}

/** A strip at the top in the row of its depth; outer phases also tint the plot below theirs. */
function bandShapes({ from, to }: Band, row: number, fillcolor: string): Shape[] {
  const band = { type: "rect", x0: from, x1: to, yref: "paper", fillcolor, line: { width: 0 } };
  const top = 1 - row * ROW;
  const strip = { ...band, y0: top - ROW * 0.9, y1: top, opacity: 0.4, layer: "below" };
  return row === 0
    ? [{ ...band, y0: 0, y1: 1 - ROW, opacity: 0.09, layer: "below" }, strip]
    : [strip];
}

function bandLabel({ phase, from, to }: Band, row: number): Annotation {
  return {
    text: phase,
    x: (from + to) / 2,
    y: 1 - (row + 0.45) * ROW,
    yref: "paper",
    yanchor: "middle",
    showarrow: false,
    font: { size: LABEL_SIZE, color: HOUSE.ink },
  };
}

/** A key in the legend for a phase whose bands are all too narrow for its name. */
function bandKey(name: string, color: string): Trace {
  const marker = { symbol: "square", size: 10, color, opacity: 0.4 };
  return { name, x: [null], y: [null], mode: "markers", marker };
}

function peakFlag(
  { python, phases, timeline, seconds }: MemoryReport,
  phase: string | null,
): Annotation {
  const span = phases
    .filter((each) => each.phase === phase && each.operation === python.peakOperation)
    .reduce<MemorySpan | undefined>(
      (best, each) => (best === undefined || each.peak > best.peak ? each : best),
      undefined,
    );
  // When in the phase it was, the mark does not tell; outside of phases the highest sample does.
  const at = span === undefined ? highestOutside(phases, timeline) : span.began + span.seconds / 2;
  const where = phase ?? "outside of phases";
  const side = at < seconds / 4 ? "left" : at > (seconds * 3) / 4 ? "right" : "center";
  return {
    text: `<b>peak ${formatMebibytes(python.peakMemory)}</b> · ${where}`,
    x: at,
    y: mebibytes(python.peakMemory),
    showarrow: true,
    ax: 0,
    ay: -20,
    xanchor: side,
    font: { size: HOUSE.tickSize, color: HOUSE.ink },
  };
}

/** When the highest sample outside of all phases was taken; 0 where none was. */
function highestOutside(phases: readonly MemorySpan[], timeline: MemoryTimeline): number {
  const { anonymous, fileMapped, shared } = timeline;
  const outside = timeline.seconds.flatMap((at, i) => {
    if (phases.some(({ began, seconds }) => at >= began && at <= began + seconds)) return [];
    return { at, total: (anonymous[i] ?? 0) + (fileMapped[i] ?? 0) + (shared[i] ?? 0) };
  });
  return outside.toSorted((a, b) => b.total - a.total)[0]?.at ?? 0;
}
