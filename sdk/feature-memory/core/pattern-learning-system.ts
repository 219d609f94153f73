import type { AudioInput } from "../../audio/audio-input.ts";
import { type CallOptions, withinLimit } from "../../bridge/call-options.ts";
import { ClosedError, InvalidArgumentError } from "../../errors.ts";
import type { Features } from "../../models/feature-types.ts";
import { GAMAService } from "../../models/gama-service.ts";
import type { ModelService } from "../../models/model-service.ts";
import { Wav2Vec2Service } from "../../models/wav2vec2-service.ts";
import { showAs } from "../../shown-object.ts";
import { CallsInFlight } from "./calls-in-flight.ts";
import { resolveFolder } from "./check-options.ts";
import { describeSource, hashContent } from "./content-hash.ts";
import { PatternStorage } from "./pattern-storage.ts";
import { learningBundle } from "./shown-patterns.ts";
import type { PatternModel } from "./types.ts";

/** Models that a pattern can be learnt with. */
export type LearningModel = "gama" | "wav2vec2";

/** Where patterns go, and what makes them. */
export interface PatternLearningOptions {
  /** Path, from where the process is now; as `PatternStorageOptions.folder`. */
  readonly folder: string;
  /** Services that the caller owns; the others are made at their first use, and shut down here. */
  readonly services?: Partial<Readonly<Record<LearningModel, ModelService>>> | undefined;
  /**
   * Per model.
   * @default no limit
   */
  readonly maxPatterns?: number | undefined;
}

/** What is said about the sound. */
export interface LearnOptions extends CallOptions {
  readonly labels?: Readonly<Record<string, string>> | undefined;
  /** @default the path of a file, else "samples" */
  readonly source?: string | undefined;
}

const MODELS: Readonly<Record<LearningModel, () => ModelService>> = {
  gama: () => new GAMAService(),
  wav2vec2: () => new Wav2Vec2Service(),
};
const POOLING = "mean";

/**
 * Learns patterns from sounds: features through a model, stored with what is known about them.
 *
 * @example
 * await using learning = new PatternLearningSystem({ folder: "patterns" });
 * const id = await learning.learnFromAudio("dog.wav", "gama", { labels: { class: "dog" } });
 * const storage = await learning.storage("gama");
 */
export class PatternLearningSystem implements AsyncDisposable {
  readonly #options: PatternLearningOptions;
  readonly #own = new Map<LearningModel, ModelService>();
  /** By what they are of: a model that is loaded in another revision has another one. */
  readonly #storages = new Map<string, PatternStorage>();
  readonly #calls = new CallsInFlight();
  #closing: Promise<void> | undefined;

  /** @throws InvalidArgumentError a folder that is none */
  constructor(options: PatternLearningOptions) {
    this.#options = { ...options, folder: resolveFolder(options.folder) };
    showAs(this, () =>
      learningBundle(
        this.#options.folder,
        [...this.#storages.values()].map((it) => it.model),
      ),
    );
  }

  /**
   * Learns one sound. The id is made of its content and the model: a sound that is learnt again
   * replaces what was known.
   *
   * @returns the id of the pattern
   * @throws OperationFailedError the sound cannot be read; FeatureMemoryError it was not stored
   */
  async learnFromAudio(
    audio: AudioInput,
    model: LearningModel,
    options: LearnOptions = {},
  ): Promise<string> {
    return await this.#calls.track(() => this.#learn(audio, model, options));
  }

  /** The storage of a model's patterns; it belongs to this object, which closes it. */
  async storage(model: LearningModel, options: CallOptions = {}): Promise<PatternStorage> {
    return await this.#calls.track(() => this.#openStorage(model, options));
  }

  /**
   * Closes the storages, and shuts down the services that were made here. What is being learnt is
   * waited for: it is stored, or refused with ClosedError where its features were not there yet.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  async #learn(audio: AudioInput, model: LearningModel, options: LearnOptions): Promise<string> {
    const { labels, source, signal, timeoutMs, onProgress, priority } = options;
    const service = this.#service(model);
    return await withinLimit(timeoutMs, async (timeLeft) => {
      const call = (): CallOptions => ({
        signal,
        timeoutMs: timeLeft(),
        onProgress,
        priority,
      });
      const { sampleRate } = await service.initialize(call());
      const features = await service.extractFeatures(audio, {
        ...call(),
        pooling: POOLING,
        cache: true,
      });
      const facts = toModel(features);
      const id = await hashContent(audio, facts);
      signal?.throwIfAborted();
      const now = new Date();
      const [given = 0] = features.secondsGiven;
      const [heard = 0] = features.secondsHeard;
      const storage = this.#storageOf(facts, features.data.length);
      await storage.store({
        id,
        features: features.data,
        model: facts,
        labels,
        metadata: {
          timestamp: now,
          source: source ?? describeSource(audio),
          confidence: given > 0 ? Math.min(1, heard / given) : 1,
          frequency: 1,
          lastAccessed: now,
          audioProperties: { duration: given, sampleRate, channels: 1 },
        },
      });
      return id;
    });
  }

  async #openStorage(model: LearningModel, options: CallOptions): Promise<PatternStorage> {
    const info = await this.#service(model).initialize(options);
    const { modelId, revision, defaultLayer: layer, embeddingDim } = info;
    const storage = this.#storageOf({ modelId, revision, layer, pooling: POOLING }, embeddingDim);
    await storage.initialize();
    return storage;
  }

  #service(model: LearningModel): ModelService {
    if (this.#closing) throw new ClosedError("pattern learning system");
    if (!Object.hasOwn(MODELS, model)) {
      throw new InvalidArgumentError("model", `one of ${Object.keys(MODELS)}`, model);
    }
    const service = this.#options.services?.[model] ?? this.#own.get(model) ?? MODELS[model]();
    if (service !== this.#options.services?.[model]) this.#own.set(model, service);
    return service;
  }

  #storageOf(model: PatternModel, dimension: number): PatternStorage {
    // A call that has begun before the closing: nothing would close a storage that is made now.
    if (this.#closing) throw new ClosedError("pattern learning system");
    const { folder, maxPatterns } = this.#options;
    const key = JSON.stringify([model.modelId, model.revision, model.layer, model.pooling]);
    const storage =
      this.#storages.get(key) ??
      new PatternStorage({ folder, model: { ...model, dimension }, maxPatterns });
    this.#storages.set(key, storage);
    return storage;
  }

  async #close(): Promise<void> {
    const shutdowns = [...this.#own.values()].map((service) => service.shutdown());
    await Promise.all([this.#calls.idle(), ...shutdowns]);
    await Promise.all([...this.#storages.values()].map((storage) => storage.close()));
  }
}

function toModel({ modelId, revision, layer, pooling }: Features): PatternModel {
  return { modelId, revision, layer, pooling };
}
