import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openRun } from "../../../records/run/open-run.ts";
import type { JsonObject, RunOpening } from "../../../records/run/opening.ts";
import type { RunDirectory } from "../../../records/run/run-directory.ts";

export const makeParent = (): string => mkdtempSync(join(tmpdir(), "runs-"));

/** An opening as a study of two arms would have it. */
export function makeOpening(change: Partial<RunOpening> = {}): RunOpening {
  return {
    name: "a-b",
    study: { question: "Is a better than b?", folds: 5, seed: 1, tasks: [{ kind: "linear" }] },
    data: { name: "tones", licence: "CC0-1.0", protocol: { kind: "free" }, excluded: [] },
    manifest: CLIPS.map((id) => ({ id, sha256: "0".repeat(64), pcm: `pcm of ${id}` })),
    arms: { a: { model: "gama-tiny", dtype: "float32" }, b: { model: "fbank", dtype: "float32" } },
    machine: makeMachine(),
    schedule: { chunks: CHUNKS },
    ...change,
  };
}

export function makeMachine(change: JsonObject = {}): JsonObject {
  const versions = { node: "24.0.0", torch: "2.13.0", scipy: "1.17.1" };
  return {
    date: "now",
    cpu: "one",
    threads: 2,
    code: "abc",
    loadAverage: [1],
    versions,
    ...change,
  };
}

export const CLIPS: readonly string[] = Array.from({ length: 40 }, (_, index) => `clip-${index}`);
/** Names of chunks, each of two clips. */
export const CHUNKS: readonly string[] = Array.from(
  { length: CLIPS.length / 2 },
  (_, index) => `chunk-${index}`,
);
export const FILE = "outcomes/linear.a.jsonl";

/** What an arm would have answered. */
export function rowsOf(chunk: string): JsonObject[] {
  const index = CHUNKS.indexOf(chunk);
  return CLIPS.slice(2 * index, 2 * index + 2).map((clip, at) => ({
    clip,
    arm: "a",
    score: (index + at) / 7,
    said: `ein Ton, № ${index}`,
  }));
}

/** Rows of these chunks, one after the other. */
export async function writeChunks(run: RunDirectory, chunks: readonly string[]): Promise<void> {
  for (const chunk of chunks) await run.appendChunk(chunk, { [FILE]: rowsOf(chunk) });
}

/** A whole run, sealed. */
export async function makeSealedRun(
  parent: string,
  change: Partial<RunOpening> = {},
): Promise<string> {
  const run = await openRun(parent, makeOpening(change));
  await writeChunks(run, CHUNKS);
  await run.seal({ accuracy: 0.5 }, { loadAverage: [2] });
  await run.close();
  return run.folder;
}

/** Opened, and closed at once. */
export async function closed(opening: Promise<RunDirectory>): Promise<RunDirectory> {
  const run = await opening;
  await run.close();
  return run;
}
