/** RIFF/WAVE files in memory (Microsoft, Multimedia Programming Interface 1.0; RFC 2361). */

/** How a sample is stored. */
export type WavEncoding = "int16" | "float32";

const HEADER_BYTES = 44;
const FORMAT = { int16: { tag: 1, bytes: 2 }, float32: { tag: 3, bytes: 4 } } as const;
const INT16_MAX = 32_767;

/**
 * Encodes channels of equal length as one WAV file.
 *
 * @param channels one array per channel, samples in [-1, 1]; `int16` clips what lies outside
 * @param sampleRate Hz
 */
export function encodeWav(
  channels: readonly Float32Array[],
  sampleRate: number,
  encoding: WavEncoding,
): Uint8Array {
  const { tag, bytes } = FORMAT[encoding];
  const frames = channels[0]?.length ?? 0;
  const frameBytes = channels.length * bytes;
  const dataBytes = frames * frameBytes;
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + dataBytes));
  writeText(view, 0, "RIFF");
  view.setUint32(4, HEADER_BYTES - 8 + dataBytes, true);
  writeText(view, 8, "WAVEfmt ");
  view.setUint32(16, 16, true); // size of the format chunk
  view.setUint16(20, tag, true);
  view.setUint16(22, channels.length, true);
  view.setUint32(24, sampleRate, true);
  view.setUint32(28, sampleRate * frameBytes, true);
  view.setUint16(32, frameBytes, true);
  view.setUint16(34, bytes * 8, true);
  writeText(view, 36, "data");
  view.setUint32(40, dataBytes, true);
  for (const [channel, samples] of channels.entries()) {
    for (const [frame, sample] of samples.entries()) {
      const at = HEADER_BYTES + frame * frameBytes + channel * bytes;
      if (encoding === "float32") view.setFloat32(at, sample, true);
      else view.setInt16(at, Math.round(Math.max(-1, Math.min(1, sample)) * INT16_MAX), true);
    }
  }
  return new Uint8Array(view.buffer);
}

function writeText(view: DataView, offset: number, text: string): void {
  for (const [index, character] of [...text].entries()) {
    view.setUint8(offset + index, character.charCodeAt(0));
  }
}
