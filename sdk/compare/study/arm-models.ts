/** The models behind the arms, and the processes that hold them. */
import type { CallOptions } from "../../bridge/call-options.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { OperationFailedError } from "../../errors.ts";
import { BridgedService } from "../../models/bridged-service.ts";
import type { ModelInfo, ModelService } from "../../models/model-service.ts";
import type { StudyArm } from "./baselines.ts";
import type { Design } from "./design.ts";
import { toWork, type Work } from "./work.ts";

/** What a model answers that cannot be had with random weights, or not here. */
const IMPOSSIBLE: ReadonlySet<string> = new Set(["not_capable", "model_invalid", "out_of_memory"]);

/** A loaded model, as one arm uses it. */
export interface ArmModel {
  readonly service: ModelService;
  readonly info: ModelInfo;
  readonly bridge: GAMABridge;
  /** What loading it took, also where another service did that. */
  readonly loading: Work;
}

/** The model of an arm, whatever its family. */
class ArmService extends BridgedService {}

/** Models by arm; arms of one model in one form share it. */
export class ArmModels implements AsyncDisposable {
  /** Statistics run in the first of the processes. */
  readonly bridge: GAMABridge;
  readonly #isOwn: boolean;
  readonly #others: GAMABridge[] = [];
  readonly #models = new Map<string, ArmModel>();
  readonly #absent: { readonly arm: string; readonly reason: string }[] = [];

  private constructor(bridge: GAMABridge | undefined) {
    this.#isOwn = bridge === undefined;
    // Never the shared one: with GRYM_HOST other clients would work in it meanwhile.
    this.bridge = bridge ?? new GAMABridge({ transport: "spawn" });
  }

  /**
   * Loads the model of every arm. An untrained twin that was added, and of which nothing is claimed, may turn
   * out to be impossible: then it is among the absent ones.
   *
   * @param design its seed is that of random weights
   * @param bridge stays open afterwards; without, a process is started and ended
   */
  static async open(
    design: Pick<Design, "arms" | "primary" | "seed">,
    bridge: GAMABridge | undefined,
    call: CallOptions,
  ): Promise<ArmModels> {
    const models = new ArmModels(bridge);
    try {
      await models.#load(design, call);
    } catch (error) {
      await models[Symbol.asyncDispose]();
      throw error;
    }
    return models;
  }

  /** Twins that could not be made, and why. */
  get absent(): readonly { readonly arm: string; readonly reason: string }[] {
    return this.#absent;
  }

  of(arm: Pick<StudyArm, "id">): ArmModel {
    const model = this.#models.get(arm.id);
    if (model === undefined) throw new TypeError(`No model was loaded for ${arm.id}`);
    return model;
  }

  /**
   * Gives memory and processors free for measuring cost: only the process of the statistics stays, idle, and
   * holds no model of the study any more unless it is the caller's.
   */
  async rest(): Promise<void> {
    await Promise.all(this.#others.map((bridge) => bridge.shutdown()));
    if (!this.#isOwn) return;
    for (const { service, bridge } of this.#models.values()) {
      if (bridge === this.bridge) await service.shutdown();
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.#others.map((bridge) => bridge.shutdown()));
    if (this.#isOwn) await this.bridge.shutdown();
  }

  async #load(
    { arms, primary, seed }: Pick<Design, "arms" | "primary" | "seed">,
    call: CallOptions,
  ): Promise<void> {
    const claimed = new Set(primary.flatMap(({ a, b }) => [a, b]));
    /** By process: the form in which it holds each model. One process cannot hold two of one model. */
    const held: { readonly bridge: GAMABridge; readonly forms: Map<string, string> }[] = [
      { bridge: this.bridge, forms: new Map() },
    ];
    for (const arm of arms) {
      const { model, weights, dtype, quantization, attention, device } = formOf(arm);
      const key = `${model} ${weights}`;
      const form = JSON.stringify([dtype, quantization, attention, device]);
      let place = held.find(({ forms }) => (forms.get(key) ?? form) === form);
      if (place === undefined) {
        place = { bridge: new GAMABridge({ transport: "spawn" }), forms: new Map() };
        this.#others.push(place.bridge);
        held.push(place);
      }
      place.forms.set(key, form);
      try {
        this.#models.set(arm.id, await loadArm(arm, seed, place.bridge, call));
      } catch (error) {
        const mayLack = arm.twinOf !== null && !claimed.has(arm.id);
        if (!(mayLack && error instanceof OperationFailedError && IMPOSSIBLE.has(error.code)))
          throw error;
        this.#absent.push({ arm: arm.id, reason: error.cause.message });
      }
    }
  }
}

/**
 * Loads the model of one arm.
 *
 * @param seed of random weights
 */
export async function loadArm(
  arm: StudyArm,
  seed: number,
  bridge: GAMABridge,
  call: CallOptions,
): Promise<ArmModel> {
  const { model, ...form } = formOf(arm);
  const isRandom = form.weights === "random";
  const service = new ArmService(model, { bridge, ...form, ...(isRandom ? { seed } : {}) });
  const info = await service.initialize(call);
  const { loading } = service;
  if (loading === undefined) throw new TypeError(`${arm.id} was loaded without being loaded`);
  return { service, info, bridge, loading: toWork(loading) };
}

/** With the defaults that a study promises, whatever the environment says. */
function formOf({
  model,
  weights = "trained",
  dtype = "float32",
  quantization = "none",
  attention,
  device,
}: StudyArm) {
  return { model, weights, dtype, quantization, attention, device };
}
