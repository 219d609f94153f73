import type { EmbeddingTable } from "../../embedding/embedding-table.ts";
import type { AudioPattern } from "./types.ts";

/** Which columns of a table become what. */
export interface ToPatternsOptions {
  /**
   * Columns that become labels; cells that are null do not.
   * @default none
   */
  readonly labels?: readonly string[] | undefined;
  /**
   * Column of the sound's source.
   * @default `clusterId` where the table has it, else `path`, else `id`
   */
  readonly source?: string | undefined;
  /**
   * Hz at which the model heard the clips (`ModelInfo.sampleRate`); a table does not say.
   * @default 16000, the rate of both shipped models
   */
  readonly sampleRate?: number | undefined;
}

const SAMPLE_RATE = 16_000;

/**
 * The clips of an embedding table as patterns; those that failed are left out. `duration` is what
 * the model heard of the clip.
 *
 * @throws InvalidArgumentError the table has no such column
 *
 * @example
 * await storage.storeMany(toPatterns(table, { labels: ["class"], source: "clusterId" }));
 */
export function toPatterns(table: EmbeddingTable, options: ToPatternsOptions = {}): AudioPattern[] {
  const { modelId, revision, layer, pooling } = table.facts;
  const names = table.table.columnNames();
  const fallback = ["clusterId", "path"].find((name) => names.includes(name)) ?? "id";
  const ids = table.labels("id");
  const sources = table.column(options.source ?? fallback);
  const labels = (options.labels ?? []).map((name) => [name, table.column(name)] as const);
  const seconds = table.column("secondsHeard");
  const failed = new Set(table.failures.map(({ index }) => index));
  const now = new Date();
  return ids.flatMap((id, row) => {
    if (failed.has(row)) return [];
    const ownLabels = labels.flatMap(([name, values]) =>
      isEmpty(values[row]) ? [] : [[name, String(values[row])] as const],
    );
    return {
      id,
      features: table.row(row).slice(),
      model: { modelId, revision, layer, pooling },
      labels: Object.fromEntries(ownLabels),
      metadata: {
        timestamp: now,
        source: isEmpty(sources[row]) ? id : String(sources[row]),
        confidence: 1,
        frequency: 1,
        lastAccessed: now,
        audioProperties: {
          duration: Number(seconds[row]),
          sampleRate: options.sampleRate ?? SAMPLE_RATE,
          channels: 1,
        },
      },
    };
  });
}

function isEmpty(cell: unknown): boolean {
  return cell === null || cell === undefined;
}
