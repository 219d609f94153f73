/**
 * Resident memory of a process of its own that opens one arm's store and searches it ten times:
 * `node memory.ts ARM FOLDER MODEL_AS_JSON`. Prints bytes.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { PatternStorageOptions } from "grym-synth/patterns";
import { type Arm, makeScan } from "./scan.ts";

const [name = "", folder = "", model = "{}"] = process.argv.slice(2);
const facts = JSON.parse(model) as PatternStorageOptions["model"];
const SEARCHES = 10;

async function open(): Promise<Arm | undefined> {
  if (name === "empty") return undefined;
  if (name === "scan") return await fillScan(join(folder, "vectors.f32"), facts.dimension);
  const { makeDirect, makeOurs } = await import("./arms.ts");
  if (name === "ours") return makeOurs(join(folder, "ours"), facts);
  return await makeDirect(join(folder, "direct"), facts);
}

async function fillScan(path: string, dimension: number): Promise<Arm> {
  const bytes = readFileSync(path);
  const vectors = new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  const scan = makeScan(dimension);
  const ids = Array.from({ length: vectors.length / dimension }, (_, row) => `p${row}`);
  await scan.store(ids, vectors);
  return scan;
}

const arm = await open();
for (let at = 0; arm && at < SEARCHES; at += 1) {
  await arm.search(
    Float32Array.from({ length: facts.dimension }, (_, k) => Math.sin(k * (at + 1))),
  );
}
globalThis.gc?.();
console.log(process.memoryUsage.rss());
process.exit();
