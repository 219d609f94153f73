import type { AudioInput } from "./audio/audio-input.ts";
import { type CallOptions, withinLimit } from "./bridge/call-options.ts";
import type { Pooling } from "./bridge/protocol.gen.ts";
import { type ClipRow, type EmbedSource, toClipRows } from "./embedding/clip-row.ts";
import { embedWindows } from "./embedding/embed-windows.ts";
import { type EmbeddingFailure, EmbeddingTable } from "./embedding/embedding-table.ts";
import { isClipFault } from "./error-codes.ts";
import { InvalidArgumentError, OperationFailedError } from "./errors.ts";
import type { FeatureOptions, Features } from "./models/feature-types.ts";
import type { ModelService } from "./models/model-service.ts";

/** How clips are embedded. */
export interface EmbedOptions extends CallOptions {
  /**
   * A name, its place in the model's `layers`, or `all`, for a probe of the kind `layers`.
   * @default the model's `defaultLayer`
   */
  readonly layer?: FeatureOptions["layer"];
  /** @default "mean" */
  readonly pooling?: Exclude<Pooling, "none"> | undefined;
  /**
   * Of a clip longer than the model hears: its beginning, an entry in `failures`, or a row for each window,
   * with `start` and `end` in the table.
   * @default "truncate"
   */
  readonly longAudio?: FeatureOptions["longAudio"];
  /** Of `longAudio: "windows"`; by default the most that the model hears at once. */
  readonly windowSeconds?: number | undefined;
  /** From window to window, at most and by default `windowSeconds`. */
  readonly hopSeconds?: number | undefined;
  /**
   * Scales each row to length 1.
   * @default false
   */
  readonly l2?: boolean | undefined;
  /**
   * Clips that go through the model together.
   * @default 16
   */
  readonly batchSize?: number | undefined;
  /**
   * Clips sent to Python in one call.
   * @default 32
   */
  readonly chunkSize?: number | undefined;
  /**
   * Take features that were computed before, by any process, from the disk, and keep those that are
   * computed now: `GRYM_CACHE/computed`, at most GRYM_FEATURE_CACHE_MB (1024) megabytes with answers.
   * @default true
   */
  readonly cache?: boolean | undefined;
}

const CHUNK_SIZE = 32;

/** What one call gave for a run of clips. */
interface ChunkResult {
  /** Row of its first clip. */
  readonly start: number;
  /** `undefined` where every clip failed. */
  readonly features: Features | undefined;
  /** Indices are rows. */
  readonly failures: readonly Omit<EmbeddingFailure, "id">[];
}

/**
 * Features of many clips as one table. A clip that cannot be read is listed in `failures` and has
 * a row of NaN; it does not stop the others.
 *
 * @param source a folder (all audio below it, sorted), clips, or a data set with rows
 * @throws InvalidArgumentError no audio in the source, or no clip of it could be read
 * @throws OperationFailedError the model failed
 *
 * @example
 * const table = await embed(new Wav2Vec2Service(), "recordings/");
 * await table.toParquet("features.parquet");
 */
export async function embed(
  service: ModelService,
  source: EmbedSource,
  options: EmbedOptions = {},
): Promise<EmbeddingTable> {
  const { chunkSize = CHUNK_SIZE, onProgress } = options;
  if (!Number.isInteger(chunkSize) || chunkSize < 1) {
    throw new InvalidArgumentError("chunkSize", "a whole number >= 1", chunkSize);
  }
  return await withinLimit(options.timeoutMs, async (timeLeft) => {
    const rows = await toClipRows(source);
    const callFrom = (start: number): FeatureOptions =>
      callOptions(options, timeLeft(), start, rows.length);
    if (options.longAudio === "windows") return await embedInWindows(service, rows, callFrom);
    const chunks: ChunkResult[] = [];
    for (let start = 0; start < rows.length; start += chunkSize) {
      const clips = rows.slice(start, start + chunkSize).map(({ audio }) => audio);
      chunks.push(...(await embedChunk(service, clips, start, callFrom)));
      const done = start + clips.length;
      onProgress?.({ stage: "encode", done, total: rows.length, unit: "clips", message: "" });
    }
    return await assemble(rows, chunks);
  });
}

/** Options of one call; the progress of its clips is told as that of all clips. */
function callOptions(
  { chunkSize: _, cache = true, onProgress, ...options }: EmbedOptions,
  timeoutMs: number | undefined,
  start: number,
  total: number,
): FeatureOptions {
  return {
    ...options,
    cache,
    timeoutMs,
    onProgress: (progress) =>
      onProgress?.(
        progress.stage === "encode"
          ? { ...progress, done: start + progress.done, total, unit: "clips" }
          : progress,
      ),
  };
}

/** One clip a call: they have different numbers of windows. */
async function embedInWindows(
  service: ModelService,
  clips: readonly ClipRow[],
  callFrom: (start: number) => FeatureOptions,
): Promise<EmbeddingTable> {
  const rows: ClipRow[] = [];
  const chunks: ChunkResult[] = [];
  for (const [index, clip] of clips.entries()) {
    const { onProgress, ...rule } = callFrom(index);
    const options: FeatureOptions = {
      ...rule,
      // The windows of one clip are no progress of all clips.
      onProgress: (progress) => (progress.stage === "encode" ? undefined : onProgress?.(progress)),
    };
    const found = await embedWindows(service, clip, options);
    const failures = found.failure ? [{ index: rows.length, ...found.failure }] : [];
    chunks.push({ start: rows.length, features: found.features, failures });
    rows.push(...found.rows);
    onProgress?.({ stage: "encode", done: 1, total: 1, unit: "clips", message: "" });
  }
  return await assemble(rows, chunks);
}

async function embedChunk(
  service: ModelService,
  clips: readonly AudioInput[],
  start: number,
  callFrom: (start: number) => FeatureOptions,
): Promise<ChunkResult[]> {
  try {
    const features = await service.extractFeatures(clips, callFrom(start));
    const failures = features.failures.map((it) => ({ ...it, index: start + it.index }));
    return [{ start, features, failures }];
  } catch (error) {
    // Where not one clip of a chunk is readable Python raises the first clip's error.
    if (!(error instanceof OperationFailedError && isClipFault(error.code))) throw error;
    if (clips.length === 1) {
      const { code, cause } = error;
      const failures = [{ index: start, code, message: cause.message }];
      return [{ start, features: undefined, failures }];
    }
  }
  const singles: ChunkResult[] = [];
  for (const [index, clip] of clips.entries()) {
    singles.push(...(await embedChunk(service, [clip], start + index, callFrom)));
  }
  return singles;
}

async function assemble(
  rows: readonly ClipRow[],
  chunks: readonly ChunkResult[],
): Promise<EmbeddingTable> {
  const { table } = await import("arquero");
  const first = chunks.find(({ features }) => features !== undefined)?.features;
  const failures = chunks
    .flatMap((chunk) => chunk.failures)
    .map((failure) => ({ ...failure, id: rows[failure.index]?.id ?? "" }));
  if (first === undefined) {
    const [failure] = failures;
    throw new InvalidArgumentError("source", `readable audio (${failure?.message})`, failure?.id);
  }
  // With all layers a row has one of numbers for each.
  const width = first.shape.slice(1).reduce((product, size) => product * size, 1);
  const features = new Float32Array(rows.length * width).fill(Number.NaN);
  const seconds = new Float64Array(rows.length);
  const encoding = new Float64Array(rows.length);
  const cached = rows.map(() => false);
  for (const { start, features: part } of chunks) {
    if (part === undefined) continue;
    features.set(part.data, start * width);
    seconds.set(part.secondsHeard, start);
    encoding.set(part.clipSeconds, start);
    for (const [index, found] of part.cached.entries()) cached[start + index] = found;
  }
  const failed = new Map(failures.map((failure) => [failure.index, failure.code]));
  // Zeros would count as very quick clips in a mean.
  const unlessFailed = <T>(value: T, index: number): T | null => (failed.has(index) ? null : value);
  const names = new Set(rows.flatMap((row) => Object.keys(row.columns)));
  const columns = table({
    id: rows.map((row) => row.id),
    ...Object.fromEntries(
      [...names].map((name) => [name, rows.map((row) => row.columns[name] ?? null)]),
    ),
    secondsHeard: Array.from(seconds, unlessFailed),
    clipSeconds: Array.from(encoding, unlessFailed),
    cached: cached.map(unlessFailed),
    failure: rows.map((_, index) => failed.get(index) ?? null),
  });
  return new EmbeddingTable(columns, features, toFacts(first, chunks), failures);
}

function toFacts(first: Features, chunks: readonly ChunkResult[]): EmbeddingTable["facts"] {
  const { modelId, revision, device, dtype, layer, layers, pooling, l2 } = first;
  const { longAudio, windowSeconds, hopSeconds } = first;
  const results = chunks.flatMap(({ features }) => features ?? []);
  const processingTime = results.reduce((sum, result) => sum + result.processingTime, 0);
  const peakMemory = Math.max(...results.map((result) => result.memoryUsage.peakMemory));
  const rule = { layer, layers, pooling, longAudio, windowSeconds, hopSeconds, l2 };
  return { modelId, revision, device, dtype, ...rule, processingTime, peakMemory };
}
