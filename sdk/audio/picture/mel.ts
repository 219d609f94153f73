/**
 * Log-mel columns, for pictures only: numbers that anything is concluded from come from Python
 * (`MelStatisticsService`), whose `gama/frontend.py` this follows: Kaldi's filterbank, 25 ms frames, their mean
 * removed, pre-emphasis 0.97, symmetric Hann window, power spectrum, triangles linear in mel from 20 Hz to 8 kHz,
 * natural log. Unlike there, sound of another rate than 16 kHz is not resampled.
 */
import { powerSpectrum } from "./power-spectrum.ts";

const FRAME_SECONDS = 0.025;
const PREEMPHASIS = 0.97;
const LOW_HZ = 20;
const HIGH_HZ = 8000;
const FLOOR = 2 ** -23;

/** A picture of sound: a row for each column in time. */
export interface MelPicture {
  /** Natural log of power; frame by frame, low to high. */
  readonly logMel: Float32Array;
  readonly frames: number;
  readonly bins: number;
  /** Hz of the highest row. */
  readonly highest: number;
}

/**
 * @param samples in [-1, 1]
 * @param sampleRate Hz
 * @param hopSeconds from frame to frame
 */
export function melPicture(
  samples: Float32Array,
  sampleRate: number,
  hopSeconds: number,
  bins: number,
): MelPicture {
  const length = Math.round(FRAME_SECONDS * sampleRate);
  const hop = Math.max(1, Math.round(hopSeconds * sampleRate));
  const size = 2 ** Math.ceil(Math.log2(length));
  const frames = 1 + Math.floor(Math.max(0, samples.length - length) / hop);
  const highest = Math.min(HIGH_HZ, sampleRate / 2);
  const filters = triangles(bins, size, sampleRate, highest);
  const logMel = new Float32Array(frames * bins);
  for (let frame = 0; frame < frames; frame += 1) {
    const heard = windowed(samples, frame * hop, length, size);
    const power = powerSpectrum(heard);
    for (const [bin, { first, weights }] of filters.entries()) {
      let sum = 0;
      for (const [at, weight] of weights.entries()) sum += weight * (power[first + at] ?? 0);
      logMel[frame * bins + bin] = Math.log(Math.max(FLOOR, sum));
    }
  }
  return { logMel, frames, bins, highest };
}

/** A frame, ready for its spectrum: zeros beyond its end, and beyond that of the sound. */
function windowed(
  samples: Float32Array,
  start: number,
  length: number,
  size: number,
): Float64Array {
  const frame = new Float64Array(size);
  frame.set(samples.subarray(start, start + length));
  let mean = 0;
  for (let at = 0; at < length; at += 1) mean += (frame[at] ?? 0) / length;
  let previous = (frame[0] ?? 0) - mean;
  for (let at = 0; at < length; at += 1) {
    const value = (frame[at] ?? 0) - mean;
    const hann = 0.5 - 0.5 * Math.cos((2 * Math.PI * at) / (length - 1));
    frame[at] = (value - PREEMPHASIS * previous) * hann;
    previous = value;
  }
  return frame;
}

interface Triangle {
  /** Of the spectrum. */
  readonly first: number;
  readonly weights: readonly number[];
}

function triangles(bins: number, size: number, sampleRate: number, highest: number): Triangle[] {
  const step = (toMel(highest) - toMel(LOW_HZ)) / (bins + 1);
  return Array.from({ length: bins }, (_, bin) => {
    const centre = toMel(LOW_HZ) + (bin + 1) * step;
    const weights: number[] = [];
    let first = 0;
    for (let at = 0; at < size / 2; at += 1) {
      const weight = 1 - Math.abs(toMel((at * sampleRate) / size) - centre) / step;
      if (weight <= 0) continue;
      if (weights.length === 0) first = at;
      weights.push(weight);
    }
    return { first, weights };
  });
}

function toMel(hertz: number): number {
  return 1127 * Math.log(1 + hertz / 700);
}
