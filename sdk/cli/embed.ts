import { extname } from "node:path";
import { parseArgs } from "node:util";
import { progress } from "../display/progress.ts";
import { type EmbedOptions, embed } from "../embed.ts";
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
    },
  });
  const [folder, ...rest] = positionals;
  const { model, out, layer } = values;
  if (folder === undefined || rest.length > 0) throw new UsageError("name one folder");
  if (model === undefined || out === undefined)
    throw new UsageError("--model and --out are needed");
  const write = writerFor(out);
  const pooling = readPooling(values.pooling);
  checkWritable(out);
  await using service = serviceFor(model);
  using bar = progress(`embedding with ${model}`);
  await service.initialize({ onProgress: bar });
  const embedded = await embed(service, folder, { layer, pooling, onProgress: bar });
  await embedded[write](out);
  const [clips, width] = embedded.shape;
  console.log(`${out}: ${clips} clips × ${width} features`);
  for (const { id, message } of embedded.failures) console.error(`failed: ${id}: ${message}`);
  return embedded.failures.length === 0 ? 0 : 1;
}

function writerFor(out: string): "toNpy" | "toParquet" {
  const extension = extname(out).toLowerCase();
  if (extension === ".npy") return "toNpy";
  if (extension === ".parquet") return "toParquet";
  throw new UsageError(`--out has to end in .npy or .parquet, got ${out}`);
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
