/** One channel of a FLAC frame: a prediction and what it left over (RFC 9639, 9.2). */
import type { BitReader } from "./bit-reader.ts";

/** Fixed predictors of the orders 0 to 4 (9.2.5). */
const FIXED: readonly (readonly number[])[] = [[], [1], [2, -1], [3, -3, 1], [4, -6, 4, -1]];

/** @param bits of a sample of this channel */
export function readSubframe(reader: BitReader, size: number, bits: number): number[] {
  reader.unsigned(1);
  const type = reader.unsigned(6);
  const wasted = reader.unsigned(1) === 1 ? reader.unary() + 1 : 0;
  const samples = readSamples(reader, type, size, bits - wasted);
  return wasted === 0 ? samples : samples.map((sample) => sample * 2 ** wasted);
}

function readSamples(reader: BitReader, type: number, size: number, bits: number): number[] {
  if (type === 0) return new Array<number>(size).fill(reader.signed(bits));
  if (type === 1) return Array.from({ length: size }, () => reader.signed(bits));
  if (type >= 32) {
    const samples = Array.from({ length: type - 31 }, () => reader.signed(bits));
    const precision = reader.unsigned(4) + 1;
    const shift = reader.signed(5);
    const factors = samples.map(() => reader.signed(precision));
    return predict(reader, samples, factors, shift, size);
  }
  const factors = FIXED[type - 8];
  if (factors === undefined) throw new RangeError(`a FLAC subframe of the reserved type ${type}`);
  const samples = factors.map(() => reader.signed(bits));
  return predict(reader, samples, factors, 0, size);
}

/** Goes on from the first samples: each is foretold from those before it, and corrected. */
function predict(
  reader: BitReader,
  samples: number[],
  factors: readonly number[],
  shift: number,
  size: number,
): number[] {
  const scale = 2 ** shift;
  readResidual(reader, samples.length, size, (residual) => {
    let sum = 0;
    for (const [back, factor] of factors.entries()) {
      sum += factor * (samples[samples.length - 1 - back] ?? 0);
    }
    samples.push(residual + Math.floor(sum / scale));
  });
  return samples;
}

/** Rice codes in partitions (9.2.7). */
function readResidual(
  reader: BitReader,
  order: number,
  size: number,
  take: (residual: number) => void,
): void {
  const parameterBits = reader.unsigned(2) === 0 ? 4 : 5;
  const unencoded = 2 ** parameterBits - 1;
  const partitions = 2 ** reader.unsigned(4);
  for (let partition = 0; partition < partitions; partition += 1) {
    const count = size / partitions - (partition === 0 ? order : 0);
    const parameter = reader.unsigned(parameterBits);
    const rawBits = parameter === unencoded ? reader.unsigned(5) : undefined;
    for (let at = 0; at < count; at += 1) {
      take(rawBits === undefined ? readRice(reader, parameter) : reader.signed(rawBits));
    }
  }
}

function readRice(reader: BitReader, parameter: number): number {
  const high = reader.unary();
  const folded = high * 2 ** parameter + reader.unsigned(parameter);
  return folded % 2 === 0 ? folded / 2 : -(folded + 1) / 2;
}
