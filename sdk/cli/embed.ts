import { extname } from "node:path";
import { parseArgs } from "node:util";
import { progress } from "../display/progress.ts";
import { type EmbedOptions, embed } from "../embed.ts";
import { toClipRows } from "../embedding/clip-row.ts";
import { checkWritable } from "../embedding/writing.ts";
import { GAMAService } from "../models/gama-service.ts";
import { type MelStatisticsKind, MelStatisticsService } from "../models/mel-statistics-service.ts";
import type { ModelService } from "../models/model-service.ts";
import { Wav2Vec2Service } from "../models/wav2vec2-service.ts";
import { UsageError } from "./usage-error.ts";

type ClipPooling = NonNullable<EmbedOptions["pooling"]>;

const POOLINGS: readonly ClipPooling[] = ["mean", "mean_std"];
const BASELINES: readonly MelStatisticsKind[] = ["fbank", "mfcc-20"];

/** `grym-synth embed FOLDER --model NAME --out FILE`: features of a folder, as NumPy or Parquet. */
export async function runEmbed(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      model: { type: "string" },
      out: { type: "string" },
      layer: { type: "string" },
      pooling: { type: "string" },
      window: { type: "string" },
      hop: { type: "string" },
      l2: { type: "boolean" },
    },
  });
  const [folder, ...rest] = positionals;
  const { model, out, l2 } = values;
  if (folder === undefined || rest.length > 0) throw new UsageError("name one folder");
  if (model === undefined || out === undefined)
    throw new UsageError("--model and --out are needed");
  const write = writerFor(out);
  const rule = {
    layer: readLayer(values.layer),
    pooling: readPooling(values.pooling),
    ...readWindows(values.window, values.hop),
    l2,
  };
  checkWritable(out);
  await toClipRows(folder); // a wrong path is told before a model is loaded
  await using service = serviceFor(model);
  using bar = progress(`embedding with ${model}`);
  await service.initialize({ onProgress: bar });
  const embedded = await embed(service, folder, { ...rule, onProgress: bar });
  await embedded[write](out);
  const [rows, width] = embedded.shape;
  const what = embedded.facts.windowSeconds === null ? "clips" : "windows";
  console.log(`${out}: ${rows} ${what} × ${width} features`);
  const { failures } = embedded;
  for (const { id, message } of failures) console.error(`failed: ${id}: ${message}`);
  if (failures.length === 0) return 0;
  console.error(`${failures.length} of ${rows} rows are NaN: their clips failed.`);
  return 1;
}

function writerFor(out: string): "toNpy" | "toParquet" {
  const extension = extname(out).toLowerCase();
  if (extension === ".npy") return "toNpy";
  if (extension === ".parquet") return "toParquet";
  throw new UsageError(`--out has to end in .npy or .parquet, got ${out}`);
}

/** A name, or the place of a layer. */
function readLayer(given: string | undefined): string | number | undefined {
  return given !== undefined && /^-?\d+$/.test(given) ? Number(given) : given;
}

function readWindows(window: string | undefined, hop: string | undefined): EmbedOptions {
  if (window === undefined && hop === undefined) return {};
  if (window === undefined) throw new UsageError("--hop needs --window");
  const windowSeconds = readSeconds("window", window);
  const hopSeconds = hop === undefined ? windowSeconds : readSeconds("hop", hop);
  return { longAudio: "windows", windowSeconds, hopSeconds };
}

function readSeconds(name: string, given: string): number {
  const seconds = Number(given);
  if (seconds > 0 && Number.isFinite(seconds)) return seconds;
  throw new UsageError(`--${name} is a number of seconds, got ${given}`);
}

function readPooling(given: string | undefined): ClipPooling | undefined {
  const known = POOLINGS.find((pooling) => pooling === given);
  if (given === undefined || known !== undefined) return known;
  throw new UsageError(`--pooling is one of ${POOLINGS.join(", ")}, got ${given}`);
}

/** The service for a model's name; folders of other models speak through the encoder's service. */
function serviceFor(model: string): ModelService {
  const kind = BASELINES.find((baseline) => baseline === model);
  if (kind !== undefined) return new MelStatisticsService({ kind });
  return model.startsWith("gama") ? new GAMAService({ model }) : new Wav2Vec2Service({ model });
}
