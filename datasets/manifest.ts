/** The manifest as a file: a JSON object on each line. Its types are the comparison's own. */
import type { ManifestRow, Split } from "../sdk/compare/dataset-types.ts";
import { InvalidArgumentError } from "../sdk/errors.ts";
import { readText } from "./layout.ts";

export type {
  ClassLabels,
  ClipLabels,
  Dataset,
  DatasetProtocol,
  ManifestRow,
  Split,
} from "../sdk/compare/dataset-types.ts";

const SHA256 = /^[0-9a-f]{64}$/;
const SPLITS: readonly (Split | undefined)[] = ["train", "valid", "test", undefined];

/**
 * Reads a manifest with a JSON object on each line.
 *
 * @throws InvalidArgumentError no such file, a line that is no row, or an id or path that stands
 *   there twice
 */
export async function readManifest(path: string): Promise<ManifestRow[]> {
  const rows = (await readText(path))
    .split("\n")
    .flatMap((line, index) =>
      line.trim() === "" ? [] : [parseRow(line, `${path} line ${index + 1}`)],
    );
  refuseTwins(rows);
  return rows;
}

/** @throws InvalidArgumentError an id or path stands there twice */
export function refuseTwins(rows: readonly ManifestRow[]): void {
  for (const key of ["id", "path"] as const) {
    const seen = new Set<string>();
    for (const row of rows) {
      if (seen.has(row[key])) throw new InvalidArgumentError(key, "unique", row[key]);
      seen.add(row[key]);
    }
  }
}

/** @throws InvalidArgumentError the line is no JSON object */
export function parseObject(line: string, where: string): object {
  const refusal = new InvalidArgumentError(where, "a JSON object", line);
  try {
    const row: unknown = JSON.parse(line);
    if (typeof row === "object" && row !== null) return row;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw refusal;
}

function parseRow(line: string, where: string): ManifestRow {
  const row: Partial<ManifestRow> = parseObject(line, where); // checked field by field below
  const texts = { id: row.id, path: row.path, clusterId: row.clusterId, licence: row.licence };
  for (const [name, value] of Object.entries(texts)) {
    if (typeof value !== "string" || value === "") {
      throw new InvalidArgumentError(`${where}: ${name}`, "some text", value);
    }
  }
  if (row.sha256 !== undefined && !SHA256.test(row.sha256)) {
    throw new InvalidArgumentError(`${where}: sha256`, "64 hexadecimal digits", row.sha256);
  }
  const { labels } = row;
  if (typeof labels !== "object" || labels === null) {
    throw new InvalidArgumentError(
      `${where}: labels`,
      "an object, empty where there are none",
      labels,
    );
  }
  if (labels.class !== undefined && typeof labels.class !== "string") {
    throw new InvalidArgumentError(`${where}: labels.class`, "some text", labels.class);
  }
  if (labels.tags !== undefined && !Array.isArray(labels.tags)) {
    throw new InvalidArgumentError(`${where}: labels.tags`, "a list", labels.tags);
  }
  if (!SPLITS.includes(row.split)) {
    throw new InvalidArgumentError(`${where}: split`, "train, valid or test", row.split);
  }
  if (row.fold !== undefined && !Number.isInteger(row.fold)) {
    throw new InvalidArgumentError(`${where}: fold`, "a whole number", row.fold);
  }
  return row as ManifestRow;
}
