import { BridgedService } from "./bridged-service.ts";
import type { ServiceOptions } from "./model-service.ts";

/**
 * wav2vec 2.0 (Baevski et al., NeurIPS 2020) or a relative of it (HuBERT, WavLM): an encoder. It
 * gives features. With a CTC head (`facebook/wav2vec2-base-960h`, say) it also transcribes; without, as the
 * shipped `wav2vec2-tiny`, `transcribe` and `processAudio` reject with `CapabilityError`.
 */
export class Wav2Vec2Service extends BridgedService {
  /** @param options `model` defaults to `wav2vec2-tiny` */
  constructor(options: ServiceOptions = {}) {
    super(options.model ?? "wav2vec2-tiny", options);
  }
}
