import { linearTicks } from "../../display/figure/ticks.ts";
import { element, px, textElement } from "../../display/svg/markup.ts";
import type { ClipSource } from "../audio-clip.ts";
import { decodeClip } from "./decode.ts";
import { melPicture } from "./mel.ts";
import { melPng } from "./mel-png.ts";

/** Longest part that is drawn, from its beginning. */
const MOST_SECONDS = 120;
/** As the models' frontend, unless the clip has more frames than the picture columns. */
const HOP_SECONDS = 0.01;
const MOST_FRAMES = 500;
const BINS = 80;
/** CSS px. */
const PICTURE = { width: 600, left: 46, right: 8, wave: 56, mel: 96, gap: 6, foot: 18 };
const INK = "#444444";
const WAVE = "#3d6fb5";
const SIZE = 11;

/**
 * Waveform and mel spectrogram of a clip in one SVG, at most 100 kB. Its numbers are for the eye alone.
 *
 * @throws RangeError samples that are not to be had here: `decodeClip`
 * @throws InvalidArgumentError the file cannot be read
 */
export function clipPicture(source: ClipSource): string {
  const { samples, sampleRate } = decodeClip(source, MOST_SECONDS);
  if (samples.length === 0) throw new RangeError("no samples");
  const seconds = samples.length / sampleRate;
  const { width, left, right, wave, mel, gap, foot } = PICTURE;
  const inner = width - left - right;
  const height = wave + gap + mel + foot;
  const hop = Math.max(HOP_SECONDS, seconds / MOST_FRAMES);
  const spectrogram = melPicture(samples, sampleRate, hop, BINS);
  const png = Buffer.from(melPng(spectrogram)).toString("base64");
  const bottom = wave + gap + mel;
  const peak = peakOf(samples);
  const offset = source.kind === "file" ? (source.range.offset ?? 0) : 0;
  const label = { size: SIZE, fill: INK, anchor: "end" } as const;
  const parts = [
    element("rect", { width, height, fill: "#ffffff" }),
    element("path", {
      d: wavePath(samples, peak, inner, wave),
      fill: WAVE,
      transform: `translate(${left} 0)`,
    }),
    textElement(`±${peak.toPrecision(2)}`, left - 6, wave / 2, { ...label, align: "middle" }),
    element("image", {
      x: left,
      y: wave + gap,
      width: inner,
      height: mel,
      preserveAspectRatio: "none",
      href: `data:image/png;base64,${png}`,
    }),
    textElement(`${px(spectrogram.highest / 1000)} kHz`, left - 6, wave + gap, label),
    textElement("20 Hz", left - 6, bottom, { ...label, align: "bottom" }),
    ...linearTicks(offset, offset + seconds, 5).map(({ value, label: words }) => {
      const x = left + ((value - offset) / seconds) * inner;
      return textElement(`${words} s`, Math.min(x, width - 12), bottom + 4, {
        ...label,
        anchor: "middle",
      });
    }),
  ];
  const root = { xmlns: "http://www.w3.org/2000/svg", width, height, "font-family": "sans-serif" };
  return element("svg", root, parts.join(""));
}

function peakOf(samples: Float32Array): number {
  let peak = 0;
  for (const sample of samples) peak = Math.max(peak, Math.abs(sample));
  return peak;
}

/** An area between the highest and the lowest sample of each px. */
function wavePath(samples: Float32Array, peak: number, width: number, height: number): string {
  const scale = peak === 0 ? 0 : (height / 2 - 1) / peak;
  const [upper, lower]: [string[], string[]] = [[], []];
  for (let x = 0; x < width; x += 1) {
    const first = Math.floor((x / width) * samples.length);
    const end = Math.max(first + 1, Math.floor(((x + 1) / width) * samples.length));
    let [high, low] = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (let at = first; at < end; at += 1) {
      high = Math.max(high, samples[at] ?? 0);
      low = Math.min(low, samples[at] ?? 0);
    }
    // Never thinner than a px, so that silence is a line.
    upper.push(`${x} ${(height / 2 - high * scale - 0.5).toFixed(1)}`);
    lower.push(`${x} ${(height / 2 - low * scale + 0.5).toFixed(1)}`);
  }
  return `M${upper.join("L")}L${lower.toReversed().join("L")}Z`;
}
