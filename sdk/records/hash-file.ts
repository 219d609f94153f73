import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** @returns sha256 of a file of any size, hexadecimal */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Files that hold or describe a model. */
const OF_MODEL = /\.(safetensors|bin|pt|pth|json|model|txt)$/;

/** @returns sha256 of each file of a model's folder (weights, config, tokenizer), by name, sorted */
export async function hashWeights(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).filter((name) => OF_MODEL.test(name)).sort();
  const hashes: Record<string, string> = {};
  for (const name of names) hashes[name] = await hashFile(join(folder, name));
  return hashes;
}
