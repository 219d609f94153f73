import { readFile } from "node:fs/promises";
import { InvalidArgumentError } from "../errors.ts";

/**
 * Reads the list of recordings that a model was trained on: a file with one number of freesound.org a line.
 *
 * @returns for `freesoundIds` of an arm's exposure
 * @throws InvalidArgumentError a line is no such number, or there is none
 */
export async function readTrainingList(path: string): Promise<string[]> {
  const lines = (await readFile(path, "utf8")).split(/\r?\n/).map((line) => line.trim());
  const ids = lines.filter((line) => line !== "");
  const odd = ids.find((id) => !/^\d+$/.test(id));
  if (odd !== undefined || ids.length === 0) {
    const expected = "one number of freesound.org a line";
    throw new InvalidArgumentError(path, expected, odd ?? "an empty file");
  }
  return ids;
}
