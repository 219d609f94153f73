import { type GAMABridge, GAMAService, type RecordRow, Wav2Vec2Service } from "grym-synth";
import { median, rotate } from "../bridge/statistics.ts";
import { type Pass, Peer } from "./peer.ts";

const BATCH_SIZE = 16;
const WARM_UP_CLIPS = 2;

/** A model to embed with. */
export interface Subject {
  readonly name: string;
  readonly model: string;
  /** The last layer, not the default one. */
  readonly last: boolean;
  /** Clips/s of ours over those of the loop. */
  readonly loopGoal: number;
  /** The first so many of all. */
  readonly clips: number;
  readonly rounds: number;
}

/** What was found for a model. */
export interface Measured extends Subject {
  readonly rows: readonly RecordRow[];
  /** Clips a second, the median. */
  rate(way: string): number;
  difference(way: string): number;
}

type Rows = Pass["rows"];
type Way = (paths: readonly string[]) => Promise<Pass>;

/**
 * The ways in turn over the subject's clips, each first in turn.
 *
 * @param together one process for all ways but ours: quick, and peak memory is not each one's own
 */
export async function measureModel(
  subject: Subject,
  all: readonly string[],
  bridge: GAMABridge,
  together?: Peer,
): Promise<Measured> {
  const paths = all.slice(0, subject.clips);
  await using peers = new AsyncDisposableStack();
  const ways = new Map<string, Way>();
  const { ours, alone, layer } = await openOurs(subject, bridge);
  ways.set("ours", ours);
  const names = ["loop", "padded"];
  if (subject.model !== "gama-tiny") names.push("pipeline", "pipeline-batched");
  for (const way of names) {
    const peer = together ?? peers.use(new Peer());
    await peer.ask("open", { way, folder: subject.model, layer, paths });
    ways.set(way, (clips) => peer.ask<Pass>("pass", { way, paths: clips }));
  }
  await ours(paths.slice(0, WARM_UP_CLIPS));
  const passes = new Map([...ways.keys()].map((way): [string, Pass[]] => [way, []]));
  for (let round = 0; round < subject.rounds; round += 1) {
    for (const [way, run] of rotate([...ways], round)) {
      passes.get(way)?.push(await run(paths));
    }
  }
  return describe(subject, passes, paths.length, await alone(paths));
}

async function openOurs(
  { model, last }: Subject,
  bridge: GAMABridge,
): Promise<{ ours: Way; alone: (paths: readonly string[]) => Promise<Rows>; layer: number }> {
  const service =
    model === "gama-tiny"
      ? new GAMAService({ bridge, model })
      : new Wav2Vec2Service({ bridge, model });
  const { layers, defaultLayer } = await service.initialize();
  const layer = last ? (layers.at(-1) ?? defaultLayer) : defaultLayer;
  const ours: Way = async (paths) => {
    const start = performance.now();
    const { data, shape, memoryUsage, failures } = await service.extractFeatures(paths, {
      batchSize: BATCH_SIZE,
      layer,
    });
    const seconds = (performance.now() - start) / 1000;
    if (failures.length > 0) throw new Error(`${failures.length} clips failed`);
    const width = shape.at(-1) ?? 0;
    const rows = paths.map((_, at) => Array.from(data.subarray(at * width, (at + 1) * width)));
    // wav2vec2 is computed clip by clip where neighbours in time count: nothing is padded
    const padding = model === "gama-tiny" ? null : 0;
    return { seconds, peak: memoryUsage.peakMemory, padding, rows };
  };
  const alone = async (paths: readonly string[]): Promise<Rows> => {
    const rows: (readonly number[])[] = [];
    for (const path of paths) rows.push(...(await ours([path])).rows);
    return rows;
  };
  return { ours, alone, layer: layers.indexOf(layer) };
}

function describe(
  subject: Subject,
  passes: ReadonlyMap<string, readonly Pass[]>,
  clips: number,
  oursAlone: Rows,
): Measured {
  const of = (way: string): readonly Pass[] => passes.get(way) ?? [];
  const rate = (way: string): number => median(of(way).map(({ seconds }) => clips / seconds));
  const loop = of("loop")[0]?.rows;
  const alone = (way: string): Rows | undefined =>
    way === "ours" ? oursAlone : way.startsWith("pipeline") ? of("pipeline")[0]?.rows : loop;
  const difference = (way: string, from = alone(way)): number =>
    Math.max(...of(way).map(({ rows }) => largestDifference(rows, from)));
  const rows = [...passes].map(([way, all]): RecordRow => {
    // each clip of a GAMA is padded to its window, whoever computes it
    const padding = all[0]?.padding ?? (way === "ours" ? of("loop")[0]?.padding : null) ?? null;
    return {
      model: subject.name,
      way,
      passes: all.length,
      clips_per_s: rate(way),
      clips_per_s_min: Math.min(...all.map(({ seconds }) => clips / seconds)),
      clips_per_s_max: Math.max(...all.map(({ seconds }) => clips / seconds)),
      padding: padding,
      peak_mb: Math.max(...all.map(({ peak }) => peak)) / 1e6,
      difference: difference(way),
      from_loop: way.startsWith("pipeline") ? null : difference(way, loop),
    };
  });
  return { ...subject, rows, rate, difference };
}

/** Of any number of any clip; NaN where the two are not of one shape. */
function largestDifference(rows: Rows, others: Rows | undefined): number {
  let largest = 0;
  for (const [at, row] of rows.entries()) {
    const other = others?.[at];
    if (other?.length !== row.length) return Number.NaN;
    for (const [index, value] of row.entries()) {
      largest = Math.max(largest, Math.abs(value - (other[index] ?? Number.NaN)));
    }
  }
  return largest;
}
