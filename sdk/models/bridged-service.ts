import { type AudioInput, toWireAudio } from "../audio/audio-input.ts";
import { type CallOptions, remainingTime } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import type { LoadModelData } from "../bridge/protocol.gen.ts";
import { holdSharedBridge, releaseSharedBridge } from "../bridge/shared-bridge.ts";
import { ClosedError } from "../errors.ts";
import { toFeatures, toModelInfo, toProcessedAudio } from "./from-wire.ts";
import { isLoadedWith, noteLoaded, releaseModel } from "./loaded-models.ts";
import type {
  FeatureOptions,
  Features,
  ModelInfo,
  ModelService,
  ModelStatus,
  ProcessedAudio,
  ProcessingOptions,
  ServiceOptions,
} from "./model-service.ts";
import { copySamples, toGenerationOptions, toWireAudios, type WireAudios } from "./to-wire.ts";

/** The verbs that every model has; a child names its default model. */
export abstract class BridgedService implements ModelService {
  readonly #bridge: GAMABridge;
  readonly #isShared: boolean;
  readonly #parameters: LoadModelData;
  /** The parameters as text, to compare with those of other services. */
  readonly #form: string;
  #info: ModelInfo | undefined;
  /** The process that holds the model; another one must load it again. */
  #loadedIn = 0;
  #shutdown: Promise<void> | undefined;

  constructor(model: string, options: ServiceOptions) {
    this.#isShared = options.bridge === undefined;
    this.#bridge = options.bridge ?? holdSharedBridge();
    this.#parameters = {
      model,
      ...(options.device === undefined ? {} : { device: options.device }),
      dtype: options.dtype ?? "float32",
      weights: options.weights ?? "trained",
      seed: options.seed ?? 0,
    };
    this.#form = JSON.stringify(this.#parameters);
  }

  /** The bridge that carries this service's calls. */
  get bridge(): GAMABridge {
    return this.#bridge;
  }

  /** Facts about the model, once it is loaded. */
  get info(): ModelInfo | undefined {
    return this.#info;
  }

  async initialize(options: CallOptions = {}): Promise<ModelInfo> {
    return this.#loaded() ?? (await this.#load(options));
  }

  async processAudio(audio: AudioInput, options: ProcessingOptions = {}): Promise<ProcessedAudio> {
    const { prompt } = options;
    const result = await this.#run({ audio: toWireAudio(audio) }, options, (wire, model, call) =>
      this.#bridge.executeOperation(
        "process_audio",
        {
          ...wire,
          model,
          ...(prompt === undefined ? {} : { prompt }),
          options: toGenerationOptions(options),
        },
        call,
      ),
    );
    return toProcessedAudio(result);
  }

  async extractFeatures(
    audio: AudioInput | readonly AudioInput[],
    options: FeatureOptions = {},
  ): Promise<Features> {
    const { layer, pooling, batchSize } = options;
    const result = await this.#run(toWireAudios(audio), options, (wire, model, call) =>
      this.#bridge.executeOperation(
        "extract_features",
        {
          ...wire,
          model,
          ...(layer === undefined ? {} : { layer }),
          ...(pooling === undefined ? {} : { pooling }),
          ...(batchSize === undefined ? {} : { batch_size: batchSize }),
        },
        call,
      ),
    );
    return toFeatures(result);
  }

  async status(options: CallOptions = {}): Promise<ModelStatus> {
    if (this.#shutdown) throw new ClosedError("service");
    const status = await this.#bridge.executeOperation("status", {}, options);
    const model = status.models.find(({ model_id }) => model_id === this.#info?.modelId);
    return {
      isLoaded: model !== undefined,
      model: model && toModelInfo(model),
      pid: status.pid,
      device: status.device,
      plane: status.plane,
      residentMemory: status.resident_memory,
      memoryAvailable: status.memory_available,
      uptime: status.uptime,
      versions: status.versions,
    };
  }

  /** Unloads the model when no other service uses it; the last service ends the shared process. */
  shutdown(): Promise<void> {
    this.#shutdown ??= this.#release();
    return this.#shutdown;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  /** The model, while the process that loaded it lives. */
  #loaded(): ModelInfo | undefined {
    if (this.#shutdown) throw new ClosedError("service");
    const info = this.#info;
    if (info === undefined || this.#bridge.processNumber !== this.#loadedIn) return undefined;
    return isLoadedWith(this.#bridge, info.modelId, this.#form) ? info : undefined;
  }

  /** Loads the model; in a process that has it already this is a question, not work. */
  async #load(options: CallOptions): Promise<ModelInfo> {
    const answer = this.#bridge.executeOperation("load_model", this.#parameters, options);
    const { processNumber } = this.#bridge;
    const info = toModelInfo((await answer).model);
    const isNewUser = this.#info?.modelId !== info.modelId;
    noteLoaded(this.#bridge, info.modelId, this.#form, isNewUser);
    this.#info = info;
    this.#loadedIn = processNumber;
    return info;
  }

  /**
   * Sends at once when the model is there. Otherwise it is loaded first, out of the same time
   * limit; the samples are copied before, so that the caller may go on writing into their arrays.
   */
  async #run<Wire extends WireAudios, Result>(
    wire: Wire,
    { signal, timeoutMs, onProgress }: CallOptions,
    send: (wire: Wire, modelId: string, call: CallOptions) => Promise<Result>,
  ): Promise<Result> {
    const model = this.#loaded();
    if (model) return await send(wire, model.modelId, { signal, timeoutMs, onProgress });
    const timeLeft = remainingTime(timeoutMs);
    const copy = copySamples(wire);
    const { modelId } = await this.#load({ signal, timeoutMs, onProgress });
    return await send(copy, modelId, { signal, timeoutMs: timeLeft(), onProgress });
  }

  async #release(): Promise<void> {
    const { modelId } = this.#info ?? {};
    const isLast = modelId !== undefined && releaseModel(this.#bridge, modelId);
    const { processNumber, isClosed } = this.#bridge;
    if (isLast && !isClosed && processNumber !== 0 && processNumber === this.#loadedIn) {
      await this.#bridge.executeOperation("unload_model", { model_id: modelId });
    }
    if (this.#isShared) await releaseSharedBridge(this.#bridge);
  }
}
