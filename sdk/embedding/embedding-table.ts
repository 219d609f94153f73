import { writeFile } from "node:fs/promises";
import type { ColumnTable } from "arquero";
import type { DType, ErrorCode, LongAudio, Pooling } from "../bridge/protocol.gen.ts";

import { table as showTable } from "../display/table.ts";
import { InvalidArgumentError } from "../errors.ts";
import { ShownObject } from "../shown-object.ts";
import { encodeNpy } from "./npy.ts";
import { writeParquet } from "./parquet.ts";
import { writingTo } from "./writing.ts";

/** A clip that could not be embedded; its row of features is NaN. */
export interface EmbeddingFailure {
  /** Row of the table. */
  readonly index: number;
  readonly id: string;
  readonly code: ErrorCode;
  readonly message: string;
}

/** Which model made the features, and how. */
export interface EmbeddingFacts {
  readonly modelId: string;
  readonly revision: string;
  readonly device: string;
  readonly dtype: DType;
  /** Its name, or `all`. */
  readonly layer: string;
  /** Names: the one, or those that stand side by side in each row. */
  readonly layers: readonly string[];
  readonly pooling: Pooling;
  readonly longAudio: LongAudio;
  /** Where clips were heard in windows, a row for each; null where they went whole. */
  readonly windowSeconds: number | null;
  readonly hopSeconds: number | null;
  /** Whether rows (each layer's by itself) were scaled to length 1. */
  readonly l2: boolean;
  /** Seconds, summed over the batches: Python's own work. */
  readonly processingTime: number;
  /** Highest resident memory of the process in any batch, bytes. */
  readonly peakMemory: number;
}

const PREVIEW_ROWS = 10;

/** One row per clip: what is known about it, and its features. A notebook shows the first rows. */
export class EmbeddingTable extends ShownObject {
  /**
   * Columns: id, those of the source (path, labels, split, clusterId), `secondsHeard`, `clipSeconds`
   * (encoding time) and `cached` (computed before, in 0 s), null for a clip that failed, and `failure`,
   * its code. Clips in windows have a row for each, with `start` and `end` in seconds.
   */
  readonly table: ColumnTable;
  /** [clips, features], C order; a clip that failed has a row of NaN. */
  readonly features: Float32Array;
  readonly shape: readonly [clips: number, features: number];
  readonly failures: readonly EmbeddingFailure[];
  readonly facts: EmbeddingFacts;

  constructor(
    table: ColumnTable,
    features: Float32Array,
    facts: EmbeddingFacts,
    failures: readonly EmbeddingFailure[],
  ) {
    const clips = table.numRows();
    const shape = [clips, clips === 0 ? 0 : features.length / clips] as const;
    super(describeTable(shape, facts, failures.length), () => ({
      // Not arquero's own toHTML, which writes the names of columns unescaped.
      "text/html": showTable(table, { limit: PREVIEW_ROWS }).source,
    }));
    this.table = table;
    this.features = features;
    this.shape = shape;
    this.facts = facts;
    this.failures = failures;
  }

  /** The shape of `features` with its layers apart, as `probe` of the kind `layers` takes it. */
  get layerShape(): readonly [clips: number, layers: number, features: number] {
    const [clips, width] = this.shape;
    const layers = this.facts.layers.length;
    return [clips, layers, width / layers];
  }

  get modelId(): string {
    return this.facts.modelId;
  }

  /**
   * The values of a column, in the order of the rows.
   *
   * @throws InvalidArgumentError the table has no such column
   */
  column(name: string): unknown[] {
    if (!this.table.columnNames().includes(name)) {
      throw new InvalidArgumentError("name", `one of ${this.table.columnNames()}`, name);
    }
    return Array.from(this.table.array(name));
  }

  /** A column as text, for `labels` and `groups` of a probe. */
  labels(name: string): string[] {
    return this.column(name).map(String);
  }

  /** The features of one clip; a view, not a copy. */
  row(index: number): Float32Array {
    const width = this.shape[1];
    return this.features.subarray(index * width, (index + 1) * width);
  }

  /**
   * Writes the features alone: `numpy.load(path)` gives float32 [clips, features].
   *
   * @throws InvalidArgumentError the file cannot be written
   */
  async toNpy(path: string): Promise<void> {
    await writingTo(path, () => writeFile(path, encodeNpy(this.features, this.shape)));
  }

  /**
   * Writes the table with a list column `features`; the facts stand in the file's metadata.
   *
   * @throws InvalidArgumentError the file cannot be written
   */
  async toParquet(path: string): Promise<void> {
    await writingTo(path, () => writeParquet(path, this));
  }
}

function describeTable(
  [rows, width]: readonly [number, number],
  { modelId, layer, layers, pooling, windowSeconds, hopSeconds, l2 }: EmbeddingFacts,
  failed: number,
): string {
  const named = layer === "all" ? `all ${layers.length} layers` : layer;
  const rule = [
    `${modelId} ${named} ${pooling}`,
    ...(windowSeconds === null ? [] : [`${windowSeconds} s every ${hopSeconds} s`]),
    ...(l2 ? ["length 1"] : []),
    ...(failed === 0 ? [] : [`${failed} failed`]),
  ];
  const what = windowSeconds === null ? "clips" : "windows";
  return `EmbeddingTable(${rows} ${what} × ${width} features, ${rule.join(", ")})`;
}
