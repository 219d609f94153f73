/**
 * The clips that the repository ships: rendered instruments, effects and voices, none of which
 * the shipped models were trained on. `python/training` renders them again.
 */
import { join } from "node:path";
import { type Dataset, readManifest } from "./manifest.ts";

const FOLDER = join(import.meta.dirname, "samples");
const CITATION =
  "grym-synth samples: rendered with FluidSynth and the FluidR3 General-MIDI sound font, " +
  "eSpeak NG and DSP (see datasets/samples/README.md)";

/** Opens the shipped clips. */
export async function openSamples(folder: string = FOLDER): Promise<Dataset> {
  const rows = await readManifest(join(folder, "manifest.jsonl"));
  const licence = [...new Set(rows.map((row) => row.licence))].join(" AND ");
  return { name: "samples", folder, rows, licence, citation: CITATION };
}
