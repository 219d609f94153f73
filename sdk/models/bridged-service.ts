import { type AudioInput, toWireAudio } from "../audio/audio-input.ts";
import { type CallOptions, withinLimit } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import { once } from "../bridge/part-stream.ts";
import type { LoadModelData } from "../bridge/protocol.gen.ts";
import { holdSharedBridge, releaseSharedBridge } from "../bridge/shared-bridge.ts";
import { ClosedError, ProcessExitError } from "../errors.ts";
import { showAs } from "../shown-object.ts";
import type {
  AnswerStreamOptions,
  Answers,
  AudioQuestion,
  DescribeOptions,
  ProcessedAudio,
  ProcessingOptions,
  TextPiece,
} from "./answer-types.ts";
import type {
  FeatureOptions,
  FeatureStreamOptions,
  Features,
  FeaturesEnd,
  FeaturesPart,
} from "./feature-types.ts";
import {
  toAnswers,
  toFeatures,
  toFeaturesEnd,
  toFeaturesPart,
  toModelInfo,
  toProcessedAudio,
  toScoredAudio,
  toScoredClips,
  toTextPiece,
} from "./from-wire.ts";
import { isLoadedWith, noteLoaded, releaseModel } from "./loaded-models.ts";
import { toMemoryUsage } from "./memory-usage.ts";
import type { ModelInfo, ModelService, ModelStatus, ServiceOptions } from "./model-service.ts";
import { takeParts } from "./part-stream.ts";
import type { ResultEnvelope } from "./result-envelope.ts";
import type { ScoredAudio, ScoredClips, ScoreOptions } from "./score-types.ts";
import {
  copySamples,
  isBatch,
  toAskingOptions,
  toDescribeOptions,
  toFeatureOptions,
  toScoreOptions,
  toTranscribeOptions,
  toWireAudios,
  toWireBatch,
  toWireQuestions,
  type WireAudios,
} from "./to-wire.ts";
import {
  type TranscribeOptions,
  type Transcript,
  type Transcripts,
  toTranscript,
  toTranscripts,
} from "./transcript.ts";

/** Seconds of Python's own work, and its memory. */
export type LoadReport = Pick<ResultEnvelope, "processingTime" | "memoryUsage">;

/** The verbs that every model has; a child names its default model. */
export abstract class BridgedService implements ModelService {
  readonly #bridge: GAMABridge;
  readonly #isShared: boolean;
  readonly #parameters: LoadModelData;
  /** The parameters as text, to compare with those of other services. */
  readonly #form: string;
  #info: ModelInfo | undefined;
  #loading: LoadReport | undefined;
  /** The process that holds the model; another one must load it again. */
  #loadedIn = 0;
  #shutdown: Promise<void> | undefined;

  constructor(model: string, options: ServiceOptions) {
    this.#isShared = options.bridge === undefined;
    this.#bridge = options.bridge ?? holdSharedBridge();
    this.#parameters = {
      model,
      ...(options.device === undefined ? {} : { device: options.device }),
      // Absent means Python's default, which GAMA_QUANTIZATION may set.
      ...(options.dtype === undefined ? {} : { dtype: options.dtype }),
      weights: options.weights ?? "trained",
      seed: options.seed ?? 0,
      ...(options.attention === undefined ? {} : { attention: options.attention }),
      ...(options.quantization === undefined ? {} : { quantization: options.quantization }),
    };
    this.#form = JSON.stringify(this.#parameters);
    showAs(this, async () => {
      const { serviceBundle } = await import("./shown-results.ts");
      return serviceBundle(this.constructor.name, this.#parameters, this.#info);
    });
  }

  /** The bridge that carries this service's calls. */
  get bridge(): GAMABridge {
    return this.#bridge;
  }

  /** Facts about the model, once it is loaded. */
  get info(): ModelInfo | undefined {
    return this.#info;
  }

  /** What the last loading took; next to nothing where the process had the model already. */
  get loading(): LoadReport | undefined {
    return this.#loading;
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
          ...toAskingOptions(options),
        },
        call,
      ),
    );
    return toProcessedAudio(result);
  }

  // Not a generator, whose frame would hold the samples until the answer comes.
  streamAnswer(
    audio: AudioInput,
    options: AnswerStreamOptions = {},
  ): AsyncGenerator<TextPiece, ProcessedAudio, void> {
    const { prompt } = options;
    const ask = once(() =>
      this.#run({ audio: toWireAudio(audio) }, options, async (wire, model, call) =>
        this.#bridge.stream(
          "process_audio",
          {
            ...wire,
            model,
            ...(prompt === undefined ? {} : { prompt }),
            ...toAskingOptions(options),
          },
          { ...call, window: options.window },
        ),
      ),
    );
    return takeParts(ask, options.timeoutMs, toTextPiece, toProcessedAudio);
  }

  async describe(
    questions: readonly AudioQuestion[],
    options: DescribeOptions = {},
  ): Promise<Answers> {
    const asked = toWireQuestions(questions);
    const result = await this.#run(asked, options, (wire, model, call) =>
      this.#bridge.executeOperation(
        "describe",
        { ...wire, model, ...toDescribeOptions(options) },
        call,
      ),
    );
    const clips = asked.questions.map(({ audio }) => audio);
    return toAnswers(result, clips);
  }

  score(
    audio: AudioInput,
    candidates: readonly string[],
    options?: ScoreOptions,
  ): Promise<ScoredAudio>;
  score(
    audios: readonly AudioInput[],
    candidates: readonly string[],
    options?: ScoreOptions,
  ): Promise<ScoredClips>;
  async score(
    audio: AudioInput | readonly AudioInput[],
    candidates: readonly string[],
    options: ScoreOptions = {},
  ): Promise<ScoredAudio | ScoredClips> {
    const isMany = isBatch(audio);
    const wire = { audios: toWireBatch(isMany ? audio : [audio]) };
    const result = await this.#run(wire, options, (clips, model, call) =>
      this.#bridge.executeOperation(
        "score",
        { ...clips, model, candidates, ...toScoreOptions(options) },
        call,
      ),
    );
    return isMany ? toScoredClips(result) : toScoredAudio(result);
  }

  transcribe(audio: AudioInput, options?: TranscribeOptions): Promise<Transcript>;
  transcribe(audios: readonly AudioInput[], options?: TranscribeOptions): Promise<Transcripts>;
  async transcribe(
    audio: AudioInput | readonly AudioInput[],
    options: TranscribeOptions = {},
  ): Promise<Transcript | Transcripts> {
    const isMany = isBatch(audio);
    const wire = { audios: toWireBatch(isMany ? audio : [audio]) };
    const result = await this.#run(wire, options, (clips, model, call) =>
      this.#bridge.executeOperation(
        "transcribe",
        { ...clips, model, ...toTranscribeOptions(options) },
        call,
      ),
    );
    return isMany ? toTranscripts(result) : toTranscript(result);
  }

  async extractFeatures(
    audio: AudioInput | readonly AudioInput[],
    options: FeatureOptions = {},
  ): Promise<Features> {
    const { out } = options;
    const result = await this.#run(toWireAudios(audio), options, (wire, model, call) =>
      this.#bridge.executeOperation(
        "extract_features",
        { ...wire, model, ...toFeatureOptions(options) },
        { ...call, out },
      ),
    );
    return toFeatures(result);
  }

  // Not a generator, whose frame would hold the samples until the answer comes.
  streamFeatures(
    audios: readonly AudioInput[],
    options: FeatureStreamOptions = {},
  ): AsyncGenerator<FeaturesPart, FeaturesEnd, void> {
    const ask = once(() =>
      this.#run(toWireAudios(audios), options, async (wire, model, call) =>
        this.#bridge.stream(
          "extract_features",
          { ...wire, model, ...toFeatureOptions(options) },
          { ...call, window: options.window },
        ),
      ),
    );
    return takeParts(ask, options.timeoutMs, toFeaturesPart, toFeaturesEnd);
  }

  async status(options: CallOptions = {}): Promise<ModelStatus> {
    if (this.#shutdown) throw new ClosedError("service");
    const status = await this.#bridge.executeOperation("status", {}, options);
    const model = status.models.find(({ model_id }) => model_id === this.#info?.modelId);
    const answer: ModelStatus = {
      isLoaded: model !== undefined,
      model: model && toModelInfo(model),
      pid: status.pid,
      device: status.device,
      plane: status.plane,
      residentMemory: status.resident_memory,
      deviceAllocated: status.device_allocated,
      memoryAvailable: status.memory_available,
      keptBytes: status.kept_bytes,
      uptime: status.uptime,
      versions: status.versions,
    };
    return showAs(answer, async (it) => (await import("./shown-results.ts")).statusBundle(it));
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
    const { model, processing_time, memory_usage } = await answer;
    const info = toModelInfo(model);
    this.#loading = {
      processingTime: processing_time,
      memoryUsage: toMemoryUsage(memory_usage),
    };
    const isNewUser = this.#info?.modelId !== info.modelId;
    noteLoaded(this.#bridge, info.modelId, this.#form, isNewUser);
    this.#info = info;
    this.#loadedIn = processNumber;
    if (this.#shutdown) {
      // Shut down while it was loading, when there was nothing to unload yet.
      await this.#unload(info.modelId);
      throw new ClosedError("service");
    }
    return info;
  }

  /**
   * Sends at once when the model is there. Otherwise it is loaded first, out of the same time
   * limit; the samples are copied before, so that the caller may go on writing into their arrays.
   */
  async #run<Wire extends WireAudios, Result>(
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

  async #release(): Promise<void> {
    try {
      if (this.#info) await this.#unload(this.#info.modelId);
    } finally {
      if (this.#isShared) await releaseSharedBridge(this.#bridge);
    }
  }

  async #unload(modelId: string): Promise<void> {
    const isLast = releaseModel(this.#bridge, modelId);
    if (!isLast || this.#bridge.isClosed || this.#bridge.processNumber === 0) return;
    try {
      await this.#bridge.executeOperation("unload_model", { model_id: modelId });
    } catch (error) {
      // The model went with its process.
      if (!(error instanceof ProcessExitError || error instanceof ClosedError)) throw error;
    }
  }
}
