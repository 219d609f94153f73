import { sha256 } from "../../records/run/canonical-json.ts";

/** Bits of a seed: what every library takes. */
const DIGITS = 7;

/** A seed for one use, so that streams of one study do not repeat each other: sha256 of both. */
export function streamSeed(seed: number, name: string): number {
  return Number.parseInt(sha256(`${seed}\0${name}`).slice(0, DIGITS), 16);
}
