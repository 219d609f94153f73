/** Folders of a user's own sounds, of shipped clips. */
import { cpSync, mkdirSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { openSamples } from "../../../../datasets/samples.ts";

/** A line of `metadata.jsonl`. */
export interface SoundRow {
  readonly file_name: string;
  readonly source: string;
  readonly label?: string;
  readonly [column: string]: string | number | undefined;
}

const SOURCES_EACH = 6;

/**
 * A clip of each source, in Hugging Face's form.
 *
 * @param change what the metadata says instead
 */
export async function makeSounds(
  folder: string,
  classes: readonly string[],
  change: (rows: readonly SoundRow[]) => readonly SoundRow[] = (rows) => rows,
): Promise<string> {
  const samples = await openSamples();
  mkdirSync(folder, { recursive: true });
  const rows = classes.flatMap((label) => {
    const members = samples.rows.filter(({ labels }) => labels.class === label);
    const bySource = new Map(members.map((row) => [row.clusterId, row]));
    return [...bySource].slice(0, SOURCES_EACH).map(([source, { path }]) => {
      const name = basename(path);
      cpSync(join(samples.folder, path), join(folder, name));
      return { file_name: name, label, source };
    });
  });
  const lines = change(rows).map((row) => `${JSON.stringify(row)}\n`);
  writeFileSync(join(folder, "metadata.jsonl"), lines.join(""));
  return folder;
}
