import { isAbsolute, resolve } from "node:path";
import type { CallOptions } from "../bridge/call-options.ts";
import { GAMABridge } from "../bridge/gama-bridge.ts";
import type { OperationResult } from "../bridge/operation-types.ts";
import type {
  Attention,
  DType,
  LoadModelData,
  Quantization,
  StoredModel as WireStoredModel,
} from "../bridge/protocol.gen.ts";
import { sharedBridge } from "../bridge/shared-bridge.ts";
import { InvalidArgumentError, OperationFailedError } from "../errors.ts";
import { toModelInfo } from "./from-wire.ts";
import type { ModelInfo } from "./model-service.ts";

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
  /**
   * A name in the store, or a folder: absolute, or with a `/`. For GAMA as it is released the base, the
   * language model, or a folder that has both.
   * @default the repository's name, without its owner
   */
  readonly modelPath?: string | undefined;
  /** Stage checkpoint (the audio stack, and LoRA) on top of the base in `modelPath`: absolute, or in its folder. */
  readonly checkpointPath?: string | undefined;
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

/** A model of the store. */
export interface StoredModel {
  readonly name: string;
  /** `unfinished`: its download goes on when asked for again; `damaged`: its manifest cannot be read. */
  readonly state: WireStoredModel["state"];
  readonly folder: string;
  /** `model_type` of its config.json. */
  readonly family: string | null;
  /** `hub:owner/name`, or the folder that was added. */
  readonly source: string;
  readonly revision: string | null;
  /** Bytes of its files in the store. */
  readonly size: number;
  /** Bytes of its files that lie in the folder that was added. */
  readonly linkedSize: number;
  readonly files: number;
}

/** What verifying found. */
export interface ModelVerdict {
  readonly model: StoredModel;
  /** What is wrong, where, and what to do; empty when nothing is. */
  readonly problems: readonly string[];
  readonly bytesRead: number;
  /** In the safetensors files; 0 where a problem stood before. */
  readonly tensors: number;
  /** What names and shapes make; null where a problem stood before, or the family is unknown. */
  readonly structure: string | null;
}
