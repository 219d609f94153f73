/** Vectors for the benchmark: embeddings of the shipped samples, and as many more as are asked for. */
import { embed, type ModelService } from "grym-synth";
import { openSamples } from "../../datasets/index.ts";

/** Where the vectors come from. */
export interface VectorSource {
  readonly modelId: string;
  readonly revision: string;
  readonly layer: string;
  readonly dimension: number;
  /** Clips that were embedded. */
  readonly clips: number;
  /** `count` vectors [count × dimension]; the same for the same seed. */
  draw(count: number, seed: number): Float32Array;
}

/** Noise of a drawn vector, as a share of each feature's standard deviation over the clips. */
export const JITTER = 0.5;

/**
 * Embeds the shipped samples; a drawn vector is one of them with noise added to each feature.
 *
 * @param limit the first samples only
 */
export async function embedSamples(service: ModelService, limit?: number): Promise<VectorSource> {
  const { folder, rows } = await openSamples();
  const table = await embed(service, { folder, rows: rows.slice(0, limit) });
  const [clips, dimension] = table.shape;
  const { features, facts } = table;
  const deviations = Float64Array.from({ length: dimension }, (_, feature) => {
    const values = Array.from(
      { length: clips },
      (_, clip) => features[clip * dimension + feature] ?? 0,
    );
    const mean = values.reduce((sum, value) => sum + value, 0) / clips;
    return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / clips);
  });
  return {
    modelId: facts.modelId,
    revision: facts.revision,
    layer: facts.layer,
    dimension,
    clips,
    draw(count, seed) {
      const random = seeded(seed);
      const drawn = new Float32Array(count * dimension);
      for (let row = 0; row < count; row += 1) {
        const clip = Math.floor(random() * clips);
        for (let feature = 0; feature < dimension; feature += 1) {
          const noise = JITTER * (deviations[feature] ?? 0) * gaussian(random);
          drawn[row * dimension + feature] = (features[clip * dimension + feature] ?? 0) + noise;
        }
      }
      return drawn;
    },
  };
}

/** Uniform in (0, 1): Park and Miller, CACM 31 (1988). */
export function seeded(seed: number): () => number {
  let state = (seed % 2_147_483_646) + 1;
  return () => {
    state = (state * 48_271) % 2_147_483_647; // below 2^53: exact
    return state / 2_147_483_647;
  };
}

/** Box and Muller. */
function gaussian(random: () => number): number {
  return Math.sqrt(-2 * Math.log(random())) * Math.cos(2 * Math.PI * random());
}
