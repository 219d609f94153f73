/** A model in the process that a service asks: loaded when it is needed, again by a new process, and given back. */
import { type CallOptions, withinLimit } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import type { LoadModelData } from "../bridge/protocol.gen.ts";
import { holdSharedBridge, releaseSharedBridge } from "../bridge/shared-bridge.ts";
import { ClosedError, ProcessExitError } from "../errors.ts";
import { toModelInfo } from "./from-wire.ts";
import { isLoadedWith, type LoadReport, noteLoaded, releaseModel } from "./loaded-models.ts";
import { toMemoryUsage } from "./memory-usage.ts";
import type { ModelInfo, ServiceOptions } from "./model-service.ts";
import { copySamples, type WireAudios } from "./to-wire.ts";

export class HeldModel {
  readonly bridge: GAMABridge;
  readonly parameters: LoadModelData;
  readonly #isShared: boolean;
  /** The parameters as text, to compare with those of other services. */
  readonly #form: string;
  #info: ModelInfo | undefined;
  #loading: LoadReport | undefined;
  /** The process that holds the model; another one must load it again. */
  #loadedIn = 0;
  #shutdown: Promise<void> | undefined;

  constructor(model: string, options: ServiceOptions) {
    this.#isShared = options.bridge === undefined;
    this.bridge = options.bridge ?? holdSharedBridge();
    this.parameters = {
      model,
      ...(options.device === undefined ? {} : { device: options.device }),
      // Absent means Python's default, which GAMA_QUANTIZATION may set.
      ...(options.dtype === undefined ? {} : { dtype: options.dtype }),
      weights: options.weights ?? "trained",
      seed: options.seed ?? 0,
      ...(options.attention === undefined ? {} : { attention: options.attention }),
      ...(options.quantization === undefined ? {} : { quantization: options.quantization }),
    };
    this.#form = JSON.stringify(this.parameters);
  }

  get info(): ModelInfo | undefined {
    return this.#info;
  }

  get loading(): LoadReport | undefined {
    return this.#loading;
  }

  /** @throws ClosedError it was given back */
  checkOpen(): void {
    if (this.#shutdown) throw new ClosedError("service");
  }

  /** Loads it, where the process does not hold it already. */
  async load(options: CallOptions): Promise<ModelInfo> {
    return this.#loaded() ?? (await this.#load(options));
  }

  /**
   * Sends at once when the model is there. Otherwise it is loaded first, out of the same time
   * limit; the samples are copied before, so that the caller may go on writing into their arrays.
   */
  async run<Wire extends WireAudios, Result>(
    wire: Wire,
    { signal, timeoutMs, onProgress, priority }: CallOptions,
    send: (wire: Wire, modelId: string, call: CallOptions) => Promise<Result>,
  ): Promise<Result> {
    const call = { signal, timeoutMs, onProgress, priority };
    const model = this.#loaded();
    if (model) return await send(wire, model.modelId, call);
    const copy = copySamples(wire);
    return await withinLimit(timeoutMs, async (timeLeft) => {
      const { modelId } = await this.#load(call);
      return await send(copy, modelId, { ...call, timeoutMs: timeLeft() });
    });
  }

  /** Unloads it when no other service uses it; the last service ends the shared process. */
  release(): Promise<void> {
    this.#shutdown ??= this.#release();
    return this.#shutdown;
  }

  /** The model, while the process that loaded it lives. */
  #loaded(): ModelInfo | undefined {
    this.checkOpen();
    const info = this.#info;
    if (info === undefined || this.bridge.processNumber !== this.#loadedIn) return undefined;
    return isLoadedWith(this.bridge, info.modelId, this.#form) ? info : undefined;
  }

  /** In a process that has it already this is a question, not work. */
  async #load(options: CallOptions): Promise<ModelInfo> {
    const answer = this.bridge.executeOperation("load_model", this.parameters, options);
    const { processNumber } = this.bridge;
    const { model, processing_time, memory_usage } = await answer;
    const info = toModelInfo(model);
    this.#loading = noteLoaded(this.bridge, {
      modelId: info.modelId,
      form: this.#form,
      isNewUser: this.#info?.modelId !== info.modelId,
      loading: { processingTime: processing_time, memoryUsage: toMemoryUsage(memory_usage) },
    });
    this.#info = info;
    this.#loadedIn = processNumber;
    if (this.#shutdown) {
      // Given back while it was loading, when there was nothing to unload yet.
      await this.#unload(info.modelId);
      throw new ClosedError("service");
    }
    return info;
  }

  async #release(): Promise<void> {
    try {
      if (this.#info) await this.#unload(this.#info.modelId);
    } finally {
      if (this.#isShared) await releaseSharedBridge(this.bridge);
    }
  }

  async #unload(modelId: string): Promise<void> {
    const isLast = releaseModel(this.bridge, modelId);
    if (!isLast || this.bridge.isClosed || this.bridge.processNumber === 0) return;
    try {
      await this.bridge.executeOperation("unload_model", { model_id: modelId });
    } catch (error) {
      // The model went with its process.
      if (!(error instanceof ProcessExitError || error instanceof ClosedError)) throw error;
    }
  }
}
