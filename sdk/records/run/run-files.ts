/** Reading a run directory. */
import { readdir, readFile } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import type { Json } from "./canonical-json.ts";
import type { RunConditions } from "./explaining-fields.ts";
import { type JsonObject, OPENING_FILES } from "./opening.ts";
import { RunError } from "./run-error.ts";

/** Files of a run, with `/`, sorted. */
export async function listFiles(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join("/"))
    .sort();
}

/** @throws RunError `run_damaged`: it is not there, or no JSON */
export async function readJsonFile(folder: string, path: string): Promise<Json> {
  return parse(await readTextFile(folder, path), folder, path);
}

/** @throws RunError `run_damaged`: it is not there, or a line is no JSON */
export async function readRows(folder: string, path: string): Promise<Json[]> {
  const lines = (await readTextFile(folder, path)).split("\n").slice(0, -1);
  return lines.map((line, index) => parse(line, folder, `${path} line ${index + 1}`));
}

/** How a run was measured. */
export async function readConditions(folder: string): Promise<RunConditions> {
  const read = (part: keyof RunConditions): Promise<JsonObject> =>
    readJsonFile(folder, OPENING_FILES[part]) as Promise<JsonObject>; // `toFiles` wrote an object
  const [study, data, arms, machine] = await Promise.all(
    (["study", "data", "arms", "machine"] as const).map(read),
  );
  return { study: study ?? {}, data: data ?? {}, arms: arms ?? {}, machine: machine ?? {} };
}

async function readTextFile(folder: string, path: string): Promise<string> {
  try {
    return await readFile(join(folder, path), "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    throw new RunError("run_damaged", folder, `${path} cannot be read: ${error.code}`);
  }
}

function parse(text: string, folder: string, where: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new RunError("run_damaged", folder, `${where} is no JSON: ${error.message}`);
  }
}
