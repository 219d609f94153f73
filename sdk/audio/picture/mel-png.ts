import { indexedPng } from "./indexed-png.ts";
import type { MelPicture } from "./mel.ts";

/** What lies further below the loudest point is black; natural log of power, 70 dB. */
const RANGE = (70 / 10) * Math.log(10);
/** Fewer than the eye tells apart, and a third of the bytes of 256. */
const SHADES = 48;
// Six colours of magma (van der Walt and Smith, matplotlib, CC0), dark to light.
const MAGMA = [0x000004, 0x3b0f70, 0x8c2981, 0xde4968, 0xfe9f6d, 0xfcfdbf];

/** A mel spectrogram as a PNG: a px for each frame and bin, low frequencies at the bottom. */
export function melPng({ logMel, frames, bins }: MelPicture): Uint8Array {
  let loudest = Number.NEGATIVE_INFINITY;
  for (const value of logMel) loudest = Math.max(loudest, value);
  const pixels = new Uint8Array(frames * bins);
  for (let frame = 0; frame < frames; frame += 1) {
    for (let bin = 0; bin < bins; bin += 1) {
      const below = loudest - (logMel[frame * bins + bin] ?? 0);
      const shade = Math.round((1 - Math.min(1, below / RANGE)) * (SHADES - 1));
      pixels[(bins - 1 - bin) * frames + frame] = shade;
    }
  }
  return indexedPng(pixels, frames, palette());
}

function palette(): Uint8Array {
  const colours = new Uint8Array(SHADES * 3);
  for (let shade = 0; shade < SHADES; shade += 1) {
    const place = (shade / (SHADES - 1)) * (MAGMA.length - 1);
    const low = Math.min(Math.floor(place), MAGMA.length - 2);
    for (let byte = 0; byte < 3; byte += 1) {
      const [from, to] = [channel(MAGMA[low], byte), channel(MAGMA[low + 1], byte)];
      colours[shade * 3 + byte] = Math.round(from + (to - from) * (place - low));
    }
  }
  return colours;
}

function channel(colour = 0, byte: number): number {
  return (colour >> (16 - 8 * byte)) & 0xff;
}
