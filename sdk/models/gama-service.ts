import { BridgedService } from "./bridged-service.ts";
import type { ServiceOptions } from "./model-service.ts";

/**
 * GAMA (Ghosh et al., EMNLP 2024): an audio language model. It hears a clip, answers questions
 * about it, and gives features for patterns.
 *
 * @example
 * await using gama = new GAMAService();
 * const { text } = await gama.processAudio("clip.wav", { prompt: "Which instrument is this?" });
 */
export class GAMAService extends BridgedService {
  /** @param options `model` defaults to GAMA_MODEL_PATH, else `gama-tiny` */
  constructor(options: ServiceOptions = {}) {
    super(options.model ?? (process.env["GAMA_MODEL_PATH"] || "gama-tiny"), options);
  }
}
