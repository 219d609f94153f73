import type { Summary } from "./light-bridge.ts";

/** One way to bring samples to Python and back; what it lacks is not measured. */
export interface Way extends AsyncDisposable {
  readonly name: string;
  /** What is done for its speed, for the record. */
  readonly how: string;
  /** Every call gets samples in memory of its own, and leaves its result in fresh memory. */
  readonly isFresh?: boolean;
  /** Samples in, a few numbers back. */
  length?(samples: Float32Array, checked: boolean): Promise<Summary>;
  /** Samples in, the same samples back. */
  echo?(samples: Float32Array): Promise<Float32Array>;
  /** A number in, the next one back. */
  small?(value: number): Promise<number>;
}

/** A text that makes a small call about 90 bytes long. */
export const LABEL = "a text of some length";

/** A way that cannot be measured here, and why. */
export interface MissingWay {
  readonly name: string;
  readonly reason: string;
}
