import { type AudioInput, toWireAudio } from "../audio/audio-input.ts";
import type { CallOptions } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import { once } from "../bridge/part-stream.ts";
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
import { HeldModel } from "./held-model.ts";
import type { LoadReport } from "./loaded-models.ts";
import type { ModelInfo, ModelService, ModelStatus, ServiceOptions } from "./model-service.ts";
import { takeParts } from "./part-stream.ts";
import type { ScoredAudio, ScoredClips, ScoreOptions } from "./score-types.ts";
import {
  isBatch,
  toAskingOptions,
  toDescribeOptions,
  toFeatureOptions,
  toScoreOptions,
  toTranscribeOptions,
  toWireAudios,
  toWireBatch,
  toWireQuestions,
} from "./to-wire.ts";
import {
  type TranscribeOptions,
  type Transcript,
  type Transcripts,
  toTranscript,
  toTranscripts,
} from "./transcript.ts";

/** The verbs that every model has; a child names its default model. */
export abstract class BridgedService implements ModelService {
  readonly #model: HeldModel;

  constructor(model: string, options: ServiceOptions) {
    this.#model = new HeldModel(model, options);
    showAs(this, async () => {
      const { serviceBundle } = await import("./shown-results.ts");
      return serviceBundle(this.constructor.name, this.#model.parameters, this.info);
    });
  }

  /** The bridge that carries this service's calls. */
  get bridge(): GAMABridge {
    return this.#model.bridge;
  }

  /** Facts about the model, once it is loaded. */
  get info(): ModelInfo | undefined {
    return this.#model.info;
  }

  /** What loading the model took, whichever service, or the bridge after a crash, did it. */
  get loading(): LoadReport | undefined {
    return this.#model.loading;
  }

  async initialize(options: CallOptions = {}): Promise<ModelInfo> {
    return await this.#model.load(options);
  }

  async processAudio(audio: AudioInput, options: ProcessingOptions = {}): Promise<ProcessedAudio> {
    const { prompt } = options;
    const result = await this.#model.run(
      { audio: toWireAudio(audio) },
      options,
      (wire, model, call) =>
        this.bridge.executeOperation(
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
      this.#model.run({ audio: toWireAudio(audio) }, options, async (wire, model, call) =>
        this.bridge.stream(
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
    const result = await this.#model.run(asked, options, (wire, model, call) =>
      this.bridge.executeOperation(
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
    const result = await this.#model.run(wire, options, (clips, model, call) =>
      this.bridge.executeOperation(
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
    const result = await this.#model.run(wire, options, (clips, model, call) =>
      this.bridge.executeOperation(
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
    const result = await this.#model.run(toWireAudios(audio), options, (wire, model, call) =>
      this.bridge.executeOperation(
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
      this.#model.run(toWireAudios(audios), options, async (wire, model, call) =>
        this.bridge.stream(
          "extract_features",
          { ...wire, model, ...toFeatureOptions(options) },
          { ...call, window: options.window },
        ),
      ),
    );
    return takeParts(ask, options.timeoutMs, toFeaturesPart, toFeaturesEnd);
  }

  async status(options: CallOptions = {}): Promise<ModelStatus> {
    this.#model.checkOpen();
    const status = await this.bridge.executeOperation("status", {}, options);
    const model = status.models.find(({ model_id }) => model_id === this.info?.modelId);
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
    return this.#model.release();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }
}
