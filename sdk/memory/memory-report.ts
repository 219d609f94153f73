import type { StopProfileResult } from "../bridge/protocol.gen.ts";
import { escapeMarkup, type Html } from "../display/html.ts";
import { type DisplayObject, METADATA, type MimeBundle } from "../display/mime.ts";
import { table } from "../display/table.ts";
import type { PeakSource } from "../models/memory-usage.ts";
import { ShownObject } from "../shown-object.ts";
import { formatMebibytes, mebibytes, PEAK_SOURCES } from "./format.ts";
import type { NodeMemory } from "./node-memory.ts";
import {
  highestOf,
  type MemorySpan,
  type MemoryTimeline,
  type PhaseSummary,
  summarizePhases,
  toSpan,
  toTimeline,
} from "./spans.ts";

/** Memory of the Python process while a profile ran: the seed's MemoryTracker fields, bytes. */
export interface PythonMemory {
  readonly startMemory: number;
  readonly peakMemory: number;
  readonly endMemory: number;
  /** peakMemory - startMemory. */
  readonly usedMemory: number;
  readonly peakSource: PeakSource;
  /** The phase (the innermost) that the peak fell into; null when memory rose further outside of all. */
  readonly peakPhase: string | null;
  /** The operation of that phase; null outside. */
  readonly peakOperation: string | null;
  /** Highest resident memory outside of all phases: between operations, around phases. */
  readonly peakOutside: number;
}

/** What torch held on the CUDA devices while a profile ran, bytes. */
export interface DeviceMemory {
  /** At the first sample with CUDA in use. */
  readonly startMemory: number;
  readonly peakMemory: number;
  readonly endMemory: number;
  /** peakMemory - startMemory. */
  readonly usedMemory: number;
  /** `allocator`: torch's own exact count per phase. */
  readonly peakSource: "allocator";
}

/** What a {@link MemoryReport} is made of. */
export interface MemoryReportParts<T> {
  readonly name: string;
  readonly value: T;
  readonly python: StopProfileResult;
  readonly node: NodeMemory;
}

/**
 * Where the memory went while something ran. A notebook shows it as a timeline with the phases of
 * the Python process, each with its exact peak, and a table by phase.
 */
export class MemoryReport<T = unknown> extends ShownObject {
  readonly name: string;
  /** What the profiled work returned. */
  readonly value: T;
  /** Wall time of the profile. */
  readonly seconds: number;
  /** Every phase of every operation, in the order of beginning. */
  readonly phases: readonly MemorySpan[];
  readonly byPhase: readonly PhaseSummary[];
  readonly python: PythonMemory;
  /** Of the Python process. */
  readonly timeline: MemoryTimeline;
  readonly node: NodeMemory;
  /** null without CUDA. */
  readonly device: DeviceMemory | null;

  constructor({ name, value, python, node }: MemoryReportParts<T>) {
    const spans = python.spans.map(toSpan);
    const facts = toPythonMemory(python, spans);
    super(describeReport(name, python.seconds, facts, node), () => this.#bundle());
    this.name = name;
    this.value = value;
    this.seconds = python.seconds;
    this.phases = spans;
    this.byPhase = summarizePhases(spans);
    this.python = facts;
    this.timeline = toTimeline(python.timeline);
    this.node = node;
    this.device = toDeviceMemory(this.phases, this.timeline);
  }

  /** The timeline alone: memory by kind, phases with their exact peaks, Node's line, the peak flagged. */
  async figure(): Promise<DisplayObject> {
    const { reportFigure } = await import("./report-figure.ts");
    return reportFigure(this);
  }

  /** The phases by name alone, MiB. */
  table(): Html {
    const rows = this.byPhase.map(({ phase, calls, seconds, devicePeak, ...memory }) => ({
      phase,
      calls,
      seconds: Number(seconds.toPrecision(3)),
      "start MiB": mebibytes(memory.start),
      "peak MiB": mebibytes(memory.peak),
      "taken, at most": mebibytes(memory.used),
      "anonymous after": mebibytes(memory.anonymous),
      "file-mapped after": mebibytes(memory.fileMapped),
      ...(this.device === null ? {} : { "device peak MiB": mebibytes(devicePeak ?? 0) }),
    }));
    return table(rows, { title: "Memory by phase" });
  }

  async #bundle(): Promise<MimeBundle> {
    const { bundleOf } = await import("../display/bundle.ts");
    const shown = await bundleOf(await this.figure());
    const phases = this.table();
    // A front end shows one form of a bundle: picture and table must stand in the same one. The
    // interactive figure, which would stand alone, is `figure()`.
    const { "application/vnd.plotly.v1+json": _interactive, ...pictures } = shown;
    return {
      ...pictures,
      [METADATA]: shown[METADATA] ?? {},
      "text/html": `<div>${pictureHtml(shown, this.toString())}${phases.source}</div>`,
      "text/plain": `${this.toString()}\n${phases.text}`,
    };
  }
}

/** The picture of a figure's bundle as HTML. */
function pictureHtml(bundle: MimeBundle, text: string): string {
  const { "image/png": png, "image/svg+xml": svg } = bundle;
  if (typeof png !== "string") return typeof svg === "string" ? svg : "";
  const { width } = (bundle[METADATA]?.["image/png"] ?? {}) as { width?: number };
  const size = width === undefined ? "" : ` width="${width}"`;
  return `<img${size} alt="${escapeMarkup(text)}" src="data:image/png;base64,${png}">`;
}

/** Bytes: a rise outside of the phases below this does not take the peak from its phase. */
const LEFT_BEHIND = 2 ** 20;

function toPythonMemory(python: StopProfileResult, spans: readonly MemorySpan[]): PythonMemory {
  // Of the phases with the highest peak the innermost: those around it have the same.
  const highest = spans.reduce<MemorySpan | undefined>((best, span) => {
    if (best === undefined || span.peak > best.peak) return span;
    return span.peak === best.peak && span.depth > best.depth ? span : best;
  }, undefined);
  // What a phase leaves behind stands outside of it, too, a little higher by what followed.
  const isInside = highest !== undefined && highest.peak + LEFT_BEHIND >= python.peak_outside;
  const inside = isInside ? highest : undefined;
  return {
    startMemory: python.start_memory,
    peakMemory: python.peak_memory,
    endMemory: python.end_memory,
    usedMemory: python.used_memory,
    peakSource: python.peak_source,
    peakPhase: inside?.phase ?? null,
    peakOperation: inside?.operation ?? null,
    peakOutside: python.peak_outside,
  };
}

function toDeviceMemory(
  spans: readonly MemorySpan[],
  timeline: MemoryTimeline,
): DeviceMemory | null {
  const samples = timeline.deviceAllocated.filter((sample) => sample !== null);
  const peakMemory = highestOf([...spans.map(({ devicePeak }) => devicePeak), ...samples]);
  const [startMemory = 0] = samples;
  if (peakMemory === null) return null;
  return {
    startMemory,
    peakMemory,
    endMemory: samples.at(-1) ?? startMemory,
    usedMemory: peakMemory - startMemory,
    peakSource: "allocator",
  };
}

function describeReport(
  name: string,
  seconds: number,
  python: PythonMemory,
  node: NodeMemory,
): string {
  const title = name === "" ? "" : `${name}: `;
  const where = python.peakPhase === null ? "outside of all phases" : `in ${python.peakPhase}`;
  return (
    `MemoryReport(${title}${seconds.toFixed(2)} s, Python's peak ${formatMebibytes(python.peakMemory)} ` +
    `${where}, ${formatMebibytes(python.usedMemory)} above its start ` +
    `(${PEAK_SOURCES[python.peakSource]}); Node's peak ${formatMebibytes(node.peakMemory)})`
  );
}
