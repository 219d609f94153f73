import type { GAMABridge } from "../bridge/gama-bridge.ts";
import type { Attention, DType, Quantization } from "../bridge/protocol.gen.ts";

/** What is fetched. */
export interface DownloadOptions {
  /**
   * Branch, tag or commit; the commit behind it is pinned, and stands in the manifest.
   * @default the default branch
   */
  readonly revision?: string | undefined;
  /**
   * Shell patterns of the files to fetch.
   * @default config, weights, tokenizer and licence: no code, and no pickle beside safetensors
   */
  readonly files?: readonly string[] | undefined;
}

/** How far verifying goes. */
export interface VerificationOptions {
  /**
   * Reads every file and compares its SHA-256; otherwise sizes, headers, names and shapes only.
   * @default true
   */
  readonly hashes?: boolean | undefined;
}

/** Which model, from where, and how it is loaded. The seed's fields; what is absent has a default. */
export interface GAMAModelConfig {
  /** Repository of the hub: `owner/name`, a Space as `spaces/owner/name`. */
  readonly modelId?: string | undefined;
  /** A folder: a model, the base (language model) of a released GAMA, or one that has base and checkpoint. */
  readonly modelPath?: string | undefined;
  /** Base of a released GAMA, where `modelPath` has several: relative to it, or absolute. */
  readonly basePath?: string | undefined;
  /** Stage checkpoint (the audio stack, and LoRA), in the same way. */
  readonly checkpointPath?: string | undefined;
  /**
   * What the model is called in the store.
   * @default the last part of `modelPath`, else of `modelId`
   */
  readonly name?: string | undefined;
  readonly downloadOptions?: DownloadOptions | undefined;
  readonly verificationOptions?: VerificationOptions | undefined;
  /**
   * `cpu`, `cuda`, `cuda:1`.
   * @default GRYM_DEVICE, else CUDA where there is one
   */
  readonly device?: string | undefined;
  /** @default GAMA_QUANTIZATION for GAMA, else "float32" */
  readonly dtype?: DType | undefined;
  /**
   * Weights of 8 or 4 bits for GAMA's language model, through bitsandbytes on CUDA, where it is untested:
   * no such machine has run it. Elsewhere a `CapabilityError`, never something else in its place.
   * @default GAMA_QUANTIZATION, else "none"
   */
  readonly quantization?: Quantization | undefined;
  /** The seed's word for `dtype: "float16"`; not beside another `dtype`. */
  readonly useFp16?: boolean | undefined;
  /** @default what transformers chooses */
  readonly attention?: Attention | undefined;
  /** Saves memory of a gradient; a model that is loaded to be asked has none, so `true` is refused. */
  readonly useGradientCheckpointing?: boolean | undefined;
  /**
   * Where the model is loaded.
   * @default the process that all services share
   */
  readonly bridge?: GAMABridge | undefined;
}
