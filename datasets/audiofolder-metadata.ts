import { posix } from "node:path";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { readLines } from "./layout.ts";
import { type ClipLabels, type ManifestRow, parseObject, type Split } from "./manifest.ts";
import { readTable } from "./read-csv.ts";

/** A row of metadata as it stands there. */
export type Cells = Readonly<Record<string, unknown>>;

const SOURCES = ["clusterId", "source", "speaker", "artist"] as const;
const TEXTS = ["text", "transcription", "sentence"] as const;

/** @throws InvalidArgumentError a line that is no JSON object */
export async function readMetadata(path: string): Promise<Cells[]> {
  if (path.endsWith(".csv")) return (await readTable(path)).rows;
  const lines = await readLines(path);
  return lines.map((line, index) => ({ ...parseObject(line, `${path} line ${index + 1}`) }));
}

/**
 * @param at folder of the metadata, from the data set's own, empty or with `/` at its end
 * @throws InvalidArgumentError no `file_name`, or one outside of the folder; a split or fold that is none
 */
export function toMetadataRow(
  cells: Cells,
  at: string,
  where: string,
  splits: Readonly<Record<string, Split>>,
): ManifestRow {
  const { file_name: file, label, tags, split, fold, freesoundId, licence, ...rest } = cells;
  if (typeof file !== "string" || file === "") {
    throw new InvalidArgumentError(`${where}: file_name`, "the path of a clip", file);
  }
  const path = posix.normalize(`${at}${file}`);
  if (path.startsWith("../") || path.startsWith("/")) {
    throw new InvalidArgumentError(`${where}: file_name`, "a path inside the folder", file);
  }
  const text = TEXTS.map((name) => cells[name]).find((value) => isGiven(value));
  const source = SOURCES.map((name) => cells[name]).find((value) => isGiven(value));
  const others = Object.entries(rest).filter(([name, value]) => !isRead(name) && isGiven(value));
  return {
    id: path,
    path,
    labels: {
      ...Object.fromEntries(others.map(([name, value]) => [name, toLabel(value)])),
      ...(isGiven(label) ? { class: String(label) } : {}),
      ...(isGiven(tags) ? { tags: toTags(tags, where) } : {}),
      ...(text === undefined ? {} : { text: String(text) }),
    },
    ...(isGiven(split) ? { split: toSplit(String(split), splits, where) } : {}),
    ...(isGiven(fold) ? { fold: toFold(fold, where) } : {}),
    clusterId: source === undefined ? path : String(source),
    ...(isGiven(freesoundId) ? { freesoundId: String(freesoundId) } : {}),
    ...(isGiven(cells["speaker"]) ? { speaker: String(cells["speaker"]) } : {}),
    ...(isGiven(cells["artist"]) ? { artist: String(cells["artist"]) } : {}),
    licence: isGiven(licence) ? String(licence) : "NOASSERTION",
  };
}

/** CSV has no other way to leave a cell out. */
const isGiven = (value: unknown): boolean => value !== undefined && value !== null && value !== "";

const isRead = (name: string): boolean =>
  name === "clusterId" || (TEXTS as readonly string[]).includes(name);

function toLabel(value: unknown): ClipLabels[string] {
  const isScalar = ["string", "number", "boolean"].includes(typeof value);
  const isTexts = Array.isArray(value) && value.every((each) => typeof each === "string");
  // Checked just above; anything else keeps its form as JSON.
  return isScalar || isTexts ? (value as ClipLabels[string]) : JSON.stringify(value);
}

/** A list in JSON; in CSV, names with `;` or `,` between them, as FSD50K writes them. */
function toTags(value: unknown, where: string): string[] {
  if (Array.isArray(value)) return value.map(String);
  if (typeof value === "string") return value.split(/[;,]/).map((tag) => tag.trim());
  throw new InvalidArgumentError(`${where}: tags`, "a list, or names with `;` between them", value);
}

function toSplit(value: string, splits: Readonly<Record<string, Split>>, where: string): Split {
  const split = splits[value];
  if (split !== undefined) return split;
  throw new InvalidArgumentError(`${where}: split`, `one of ${Object.keys(splits)}`, value);
}

function toFold(value: unknown, where: string): number {
  const fold = Number(value);
  if (Number.isInteger(fold)) return fold;
  throw new InvalidArgumentError(`${where}: fold`, "a whole number", value);
}
