import { realpathSync } from "node:fs";
import { basename, resolve } from "node:path";
import type { CallOptions } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import { holdSharedBridge, releaseSharedBridge } from "../bridge/shared-bridge.ts";
import { InvalidArgumentError, OperationFailedError } from "../errors.ts";
import { showAs } from "../shown-object.ts";
import { toModelInfo } from "./from-wire.ts";
import type { GAMAModelConfig, VerificationOptions } from "./gama-model-config.ts";
import type { ModelInfo } from "./model-service.ts";
import {
  apart,
  listModels,
  type ModelVerdict,
  type StoredModel,
  toStoredModel,
} from "./model-store.ts";

/**
 * Models that the repository does not ship: downloads, verifies, lists, removes and loads them.
 *
 * What takes long (downloads, hashes) runs in a Python process of its own, which ends with the call: the process
 * that holds the loaded models stays free. Every call takes `signal`, `timeoutMs` and `onProgress`; a download that
 * was given up goes on where it ended when it is asked for again.
 *
 * @example
 * const manager = new GAMAModelManager({ modelId: "facebook/wav2vec2-base" });
 * await manager.downloadModel({ onProgress: progress("downloading") });
 * if (await manager.verifyModel()) await manager.loadModel();
 *
 * A model in the process that services share stays loaded until they are shut down and the manager is, too.
 */
export class GAMAModelManager implements AsyncDisposable {
  readonly config: GAMAModelConfig;
  /** What the model is called in the store. */
  readonly name: string;
  /** The folder that `modelPath` names. */
  readonly #folder: string | undefined;
  /** The shared process, once a model was loaded there. */
  #held: GAMABridge | undefined;

  /** @throws InvalidArgumentError no model is named, or fields contradict each other */
  constructor(config: GAMAModelConfig) {
    const { modelId, modelPath, useFp16, dtype, useGradientCheckpointing } = config;
    const source = modelPath === undefined ? modelId : resolve(modelPath);
    const name = config.name ?? (source === undefined ? undefined : basename(source));
    if (name === undefined) {
      throw new InvalidArgumentError(
        "modelPath",
        "a folder, unless `modelId` or `name` is given",
        modelPath,
      );
    }
    if (name !== basename(name)) {
      throw new InvalidArgumentError("name", "a name, without `/`", name);
    }
    if (useFp16 && dtype !== undefined && dtype !== "float16") {
      throw new InvalidArgumentError("useFp16", `absent beside \`dtype: "${dtype}"\``, useFp16);
    }
    if (useGradientCheckpointing) {
      const expected =
        "absent: it saves memory of a gradient, and a model that is loaded to be asked has none";
      throw new InvalidArgumentError(
        "useGradientCheckpointing",
        expected,
        useGradientCheckpointing,
      );
    }
    this.config = config;
    this.name = name;
    this.#folder = modelPath === undefined ? undefined : withoutLinks(resolve(modelPath));
    showAs(this, async () => (await import("./shown-store.ts")).managerBundle(this));
  }

  /**
   * Brings the model into the store: from the hub, unless it is there; without a `modelId` by adding the folder.
   *
   * @throws OperationFailedError by `code`: `model_gated` (the message says where to accept the licence),
   *   `hub_unreachable` (`details.missing` and `details.folder`: which files, and where to put them),
   *   `disk_full` (`details.needed` and `details.free`, bytes), `model_not_found`, `model_invalid` (a wrong hash)
   */
  async downloadModel(options: CallOptions = {}): Promise<StoredModel> {
    const { modelId, downloadOptions = {} } = this.config;
    if (modelId === undefined) return await this.addModel(options);
    const { revision, files = [] } = downloadOptions;
    const data = { repo: modelId, name: this.name, files: [...files], ...given({ revision }) };
    const ask = apart((bridge) => bridge.executeOperation("download_model", data, options));
    return toStoredModel((await ask).model);
  }

  /**
   * Makes a model of the store out of the folder in `modelPath`: its files are linked, its pickles converted
   * once to safetensors. Base and checkpoint of a released GAMA become one model.
   *
   * @throws OperationFailedError `model_not_found`, `model_invalid`; `invalid_request`: the name is taken
   */
  async addModel(options: CallOptions = {}): Promise<StoredModel> {
    const folder = this.#folder;
    if (folder === undefined) throw new InvalidArgumentError("modelPath", "a folder", folder);
    const { basePath: base, checkpointPath: checkpoint } = this.config;
    const data = { folder, name: this.name, ...given({ base, checkpoint }) };
    const ask = apart((bridge) => bridge.executeOperation("add_model", data, options));
    return toStoredModel((await ask).model);
  }

  /** Whether the model is sound: `verify` tells what is not. */
  async verifyModel(options: CallOptions = {}): Promise<boolean> {
    return (await this.verify(options)).problems.length === 0;
  }

  /**
   * Compares the model's files with its manifest, and names and shapes of its tensors with its config.
   *
   * @throws OperationFailedError `model_not_found`: it is not in the store, or another one has its name
   */
  async verify(options: CallOptions & VerificationOptions = {}): Promise<ModelVerdict> {
    const { hashes = this.config.verificationOptions?.hashes, ...call } = options;
    const data = { name: this.name, ...given({ hashes }) };
    const verdict = await apart(async (bridge) => {
      const { models } = await bridge.executeOperation("list_models", {}, call);
      const named = models.find(({ name }) => name === this.name);
      if (named?.state === "whole" && !this.#isOurs(named)) throw this.#notFound("verify_model");
      return await bridge.executeOperation("verify_model", data, call);
    });
    const found: ModelVerdict = {
      model: toStoredModel(verdict.model),
      problems: verdict.problems,
      bytesRead: verdict.bytes_read,
      tensors: verdict.tensors,
      structure: verdict.structure,
    };
    return showAs(found, async (it) => (await import("./shown-store.ts")).verdictBundle(it));
  }

  /** Whether it is whole in the store. */
  async modelExists(options: CallOptions = {}): Promise<boolean> {
    return (await listModels(options)).models.some((model) => this.#isOurs(model));
  }

  /**
   * Loads the model with the options of the config: from the store, or from its folder where it was not added.
   * Where `modelId` names a repository, nothing else of the same name is loaded in its place.
   *
   * @throws CapabilityError weights of 8 or 4 bits off CUDA, or an attention that cannot be had
   * @throws OperationFailedError `model_not_found`, `model_invalid`, `out_of_memory`
   */
  async loadModel(options: CallOptions = {}): Promise<ModelInfo> {
    const { bridge = this.#hold(), device, useFp16, quantization, attention } = this.config;
    const dtype = useFp16 ? "float16" : this.config.dtype;
    const { models } = await bridge.executeOperation("list_models", {}, options);
    const isHere = models.some((model) => this.#isOurs(model));
    if (!isHere && this.config.modelId !== undefined && this.#folder === undefined) {
      throw this.#notFound("load_model");
    }
    const model = isHere ? this.name : (this.#folder ?? this.name);
    const data = { model, ...given({ device, dtype, quantization, attention }) };
    return toModelInfo((await bridge.executeOperation("load_model", data, options)).model);
  }

  /** Lets go of the shared process, which ends with the last that uses it. */
  async shutdown(): Promise<void> {
    const held = this.#held;
    this.#held = undefined;
    if (held !== undefined) await releaseSharedBridge(held);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /** Held, or the last service that ends would end it in the middle of the loading. */
  #hold(): GAMABridge {
    if (this.#held === undefined || this.#held.isClosed) this.#held = holdSharedBridge();
    return this.#held;
  }

  #notFound(operation: string): OperationFailedError {
    const { modelId } = this.config;
    const wanted = modelId === undefined ? `of ${this.#folder}` : `of hub:${modelId}`;
    const message = `the store has no whole model ${JSON.stringify(this.name)} ${wanted}: bring it with \`downloadModel\` or \`addModel\`, under another \`name\` where this one is taken`;
    return new OperationFailedError(operation, {
      code: "model_not_found",
      type: "ModelNotFoundError",
      message,
    });
  }

  /** A model of our name may be of another repository or folder. */
  #isOurs({ name, state, source }: Pick<StoredModel, "name" | "state" | "source">): boolean {
    if (name !== this.name || state !== "whole") return false;
    const { modelId } = this.config;
    if (modelId !== undefined) return source === `hub:${modelId}`;
    return this.#folder === undefined || source === this.#folder;
  }
}

/** As Python writes it down. */
function withoutLinks(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return folder; // not there: Python says so, with what to do
  }
}

/** The fields that were given: the others have Python's defaults. */
function given<Fields extends object>(
  fields: Fields,
): { [Key in keyof Fields]?: Exclude<Fields[Key], undefined> } {
  const entries = Object.entries(fields).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as ReturnType<typeof given<Fields>>; // only fewer of the same
}
