/** Small data sets in their authors' layouts, with folds or splits of their own: tones that a probe can learn. */
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { AudioClip } from "../../../audio/audio-clip.ts";

const RATE = 16_000;
const SECONDS = 0.25;

/** A tone of one of two registers; no two of them are equal. */
function renderTone(isHigh: boolean, number: number): Uint8Array {
  const hertz = (isHigh ? 1800 : 300) * 1.01 ** number;
  const samples = Float32Array.from(
    { length: RATE * SECONDS },
    (_, at) =>
      0.3 * Math.sin((2 * Math.PI * hertz * at) / RATE) + 0.02 * Math.sin(at * at + number),
  );
  return AudioClip.fromSamples(samples, RATE).wav("int16");
}

function writeFolder(files: Readonly<Record<string, string | Uint8Array>>): string {
  const folder = mkdtempSync(join(tmpdir(), "official-"));
  for (const [path, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
  return folder;
}

const range = (length: number): number[] => Array.from({ length }, (_, at) => at);

/** ESC-50: 5 folds with two recordings of each of two classes, two takes of each. */
export function writeEsc50(): string {
  const lines = ["filename,fold,target,category,esc10,src_file,take"];
  const files: Record<string, string | Uint8Array> = {};
  for (const number of range(40)) {
    const [take, isHigh] = [number % 2, Math.floor(number / 2) % 2 === 1];
    const [fold, source] = [Math.floor(number / 8) + 1, 1000 + Math.floor(number / 2)];
    const [target, category, letter] = [isHigh ? 1 : 0, isHigh ? "high" : "low", "AB"[take]];
    const name = `${fold}-${source}-${letter}-${target}.wav`;
    lines.push(`${name},${fold},${target},${category},False,${source},${letter}`);
    files[`audio/${name}`] = renderTone(isHigh, number);
  }
  return writeFolder({ ...files, "meta/esc50.csv": lines.join("\n") });
}

/** UrbanSound8K: 10 folds with a recording of each of two classes, two slices of each. */
export function writeUrbanSound8k(): string {
  const lines = ["slice_file_name,fsID,start,end,salience,fold,classID,class"];
  const files: Record<string, string | Uint8Array> = {};
  for (const number of range(40)) {
    const [slice, isHigh] = [number % 2, Math.floor(number / 2) % 2 === 1];
    const [fold, source] = [Math.floor(number / 4) + 1, 2000 + Math.floor(number / 2)];
    const [target, label] = isHigh ? [8, "siren"] : [5, "engine_idling"];
    const name = `${source}-${target}-0-${slice}.wav`;
    lines.push(`${name},${source},0.0,0.25,1,${fold},${target},${label}`);
    files[`audio/fold${fold}/${name}`] = renderTone(isHigh, number);
  }
  return writeFolder({ ...files, "metadata/UrbanSound8K.csv": lines.join("\n") });
}

/** An audio folder with splits: 8 clips of each of two classes to learn from, 6 of each to be judged by. */
export function writeAudioFolder(): string {
  const files: Record<string, Uint8Array> = {};
  for (const number of range(28)) {
    const label = number % 2 === 1 ? "high" : "low";
    files[`${number < 16 ? "train" : "test"}/${label}/${number}.wav`] = renderTone(
      label === "high",
      number,
    );
  }
  return writeFolder(files);
}

/** FSD50K: dev and eval with 12 uploaders each, two clips of each, of one or two of three tags. */
export function writeFsd50k(): string {
  const files: Record<string, string | Uint8Array> = {};
  for (const part of ["dev", "eval"] as const) {
    const lines = [part === "dev" ? "fname,labels,mids,split" : "fname,labels,mids"];
    const info: Record<string, object> = {};
    for (const number of range(24)) {
      const [isHigh, uploader] = [number % 2 === 1, Math.floor(number / 2)];
      const id = (part === "dev" ? 3000 : 4000) + number;
      const tags = [isHigh ? "High" : "Low", ...(number % 3 === 0 ? ["Third"] : [])];
      const split = part === "eval" ? "" : number < 20 ? ",train" : ",val";
      lines.push(`${id},"${tags.join(",")}","${tags.map((tag) => `/m/${tag}`).join(",")}"${split}`);
      info[id] = {
        license: "http://creativecommons.org/publicdomain/zero/1.0/",
        uploader: `${part}-${uploader}`,
      };
      files[`FSD50K.${part}_audio/${id}.wav`] = renderTone(
        isHigh,
        part === "dev" ? number : number + 50,
      );
    }
    files[`FSD50K.ground_truth/${part}.csv`] = lines.join("\n");
    files[`FSD50K.metadata/${part}_clips_info_FSD50K.json`] = JSON.stringify(info);
  }
  return writeFolder(files);
}
