import { type NumberFormat, numberFormat, tickFormat } from "./number-format.ts";

/** A tick: the value, and what is written at it. */
export interface Tick {
  value: number;
  label: string;
}

/** Round steps (1, 2 or 5 times a power of ten) through a range, about `count` of them. */
export function linearTicks(low: number, high: number, count: number, pattern?: string): Tick[] {
  const step = roundStep((high - low) / Math.max(1, count));
  const first = Math.ceil(low / step - 1e-6);
  const last = Math.floor(high / step + 1e-6);
  // Multiplied, not added up: 3 * 0.1 repeated would drift. Adding 0 turns −0 into 0.
  const values = Array.from({ length: last - first + 1 }, (_, k) => (first + k) * step + 0);
  const format = given(pattern) ?? tickFormat(step, Math.max(Math.abs(low), Math.abs(high)));
  return values.map((value) => ({ value, label: format(value) }));
}

/** Powers of ten, with their 2 and 5 where the range spans less than two decades. */
export function logTicks(low: number, high: number, pattern?: string): Tick[] {
  const decades = Math.log10(high / low);
  const factors = decades < 2 ? [1, 2, 5] : [1];
  const stride = Math.max(1, Math.ceil(decades / 8));
  const format = given(pattern) ?? writePower;
  const ticks: Tick[] = [];
  for (
    let power = Math.floor(Math.log10(low));
    power <= Math.ceil(Math.log10(high));
    power += stride
  ) {
    for (const factor of factors) {
      const value = factor * 10 ** power;
      if (value >= low * 0.999 && value <= high * 1.001)
        ticks.push({ value, label: format(value) });
    }
  }
  return ticks;
}

function given(pattern: string | undefined): NumberFormat | undefined {
  return pattern === undefined || pattern === "" ? undefined : numberFormat(pattern);
}

function roundStep(raw: number): number {
  const power = 10 ** Math.floor(Math.log10(raw));
  // The nearest of 1, 2, 5 and 10 in proportion: the borders are their geometric means.
  const part = raw / power;
  const factor =
    part >= Math.sqrt(50) ? 10 : part >= Math.sqrt(10) ? 5 : part >= Math.sqrt(2) ? 2 : 1;
  return factor * power;
}

function writePower(value: number): string {
  return value < 1e4 ? String(Number(value.toPrecision(3))) : tickFormat(1, value)(value);
}
