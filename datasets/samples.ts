/**
 * The clips that the repository ships: rendered instruments, effects and voices, none of which
 * the shipped models were trained on. `python/training` renders them again.
 */
import { join } from "node:path";
import { readText } from "./layout.ts";
import { type ClassLabels, type Dataset, type ManifestRow, readManifest } from "./manifest.ts";
import { requireClasses } from "./require-classes.ts";

const FOLDER = join(import.meta.dirname, "samples");
const CITATION =
  "grym-synth samples: rendered with FluidSynth and the FluidR3 General-MIDI sound font, " +
  "eSpeak NG and DSP (see datasets/samples/README.md)";

/** Opens the shipped clips. */
export async function openSamples(folder: string = FOLDER): Promise<Dataset<ClassLabels>> {
  const { rows, licence } = await openManifestRows(folder);
  const phrases = JSON.parse(await readText(join(folder, "phrases.json"))) as Record<
    string,
    string
  >;
  return requireClasses({
    name: "samples",
    folder,
    rows,
    licence,
    citation: CITATION,
    protocol: {
      kind: "free",
      metric: "accuracy",
      rule: "all are test clips: no source of theirs trained the shipped models; folds of whole sources are drawn for probes",
      citation: "datasets/samples/README.md",
    },
    clusterBy: "preset, voice or seed of the effect",
    phrases,
  });
}

/** Rows of a folder with a `manifest.jsonl`, and all their licences. */
export async function openManifestRows(
  folder: string,
): Promise<{ rows: ManifestRow[]; licence: string }> {
  const rows = await readManifest(join(folder, "manifest.jsonl"));
  return { rows, licence: [...new Set(rows.map((row) => row.licence))].join(" AND ") };
}
