/** What modules of data sets ask of a folder. */
import { existsSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { InvalidArgumentError } from "../sdk/errors.ts";

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/**
 * The folder that holds a data set: the one named, or the one of its usual name inside.
 *
 * @param mark a file or folder that the data set has at its top
 * @throws InvalidArgumentError neither has it
 */
export function findRoot(name: string, folder: string, mark: string, inner: string): string {
  for (const root of [folder, join(folder, inner)]) {
    if (existsSync(join(root, mark))) return root;
  }
  throw new InvalidArgumentError(`${name} folder`, `a folder with \`${mark}\``, resolve(folder));
}

/**
 * A file of the data set as text.
 *
 * @throws InvalidArgumentError it cannot be read; the message has the system's reason
 */
export async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if (!(error instanceof Error && "code" in error)) throw error;
    const expected = `a file that can be read (${error.code})`;
    throw new InvalidArgumentError(basename(path), expected, resolve(path));
  }
}

/** Lines of a text, without the empty ones, whatever ends them. */
export async function readLines(path: string): Promise<string[]> {
  return (await readText(path)).split(/\r?\n/).filter((line) => line.trim() !== "");
}

/** @throws InvalidArgumentError the file is not JSON */
export async function readJson(path: string): Promise<unknown> {
  const text = await readText(path);
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new InvalidArgumentError(basename(path), `JSON (${error.message})`, resolve(path));
  }
}
