/** Data sets in their true layouts, from tones of 0.2 s. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AudioClip } from "../../audio/audio-clip.ts";
import { findPython } from "../../bridge/find-python.ts";

const RATE = 16_000;
const SECONDS = 0.2;

/** A folder with these texts, and a tone of its own for each of these paths. */
export function renderFolder(
  texts: Readonly<Record<string, string>>,
  clips: readonly string[],
): string {
  const folder = mkdtempSync(join(tmpdir(), "dataset-"));
  const place = (path: string): string => {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    return join(folder, path);
  };
  for (const [path, text] of Object.entries(texts)) writeFileSync(place(path), text);
  for (const [index, path] of clips.entries()) writeFileSync(place(path), renderTone(index));
  toFlac(clips.filter((path) => path.endsWith(".flac")).map((path) => join(folder, path)));
  return folder;
}

export function renderTone(index: number): Uint8Array {
  const frequency = 220 * 2 ** (index / 12);
  const samples = Float32Array.from(
    { length: RATE * SECONDS },
    (_, at) => 0.3 * Math.sin((2 * Math.PI * frequency * at) / RATE),
  );
  return AudioClip.fromSamples(samples, RATE).wav("int16");
}

/** Cuts a file in the middle: its header promises more than there is. */
export function cutFile(path: string): void {
  truncateSync(path, Math.floor(statSync(path).size / 2));
}

const TO_FLAC = `
import sys, soundfile
for path in sys.argv[1:]:
    with open(path, "rb") as wav:
        samples, rate = soundfile.read(wav, dtype="int16")
    soundfile.write(path, samples, rate, format="FLAC")
`;

/** Nothing in Node writes FLAC; the files are WAV under that name until here. */
function toFlac(paths: readonly string[]): void {
  if (paths.length > 0) execFileSync(findPython(), ["-c", TO_FLAC, ...paths]);
}
