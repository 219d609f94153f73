import type { GAMABridge } from "../bridge/gama-bridge.ts";
import type { ResultEnvelope } from "./result-envelope.ts";

/** Seconds of Python's own work, and its memory. */
export type LoadReport = Pick<ResultEnvelope, "processingTime" | "memoryUsage">;

/** What the services of a bridge know about one model id. */
interface LoadedModel {
  users: number;
  /** A process holds one model per id: the last to load decides its device and dtype. */
  form: string;
  /** Of the load that did the work. */
  loading: LoadReport;
}

/** What a service was told when it loaded its model. */
export interface NewlyLoaded {
  readonly modelId: string;
  /** The parameters of the load, as text. */
  readonly form: string;
  /** Counts the service among the model's users. */
  readonly isNewUser: boolean;
  readonly loading: LoadReport;
}

const models = new WeakMap<GAMABridge, Map<string, LoadedModel>>();

/**
 * Notes how a model was loaded.
 *
 * @returns what loading it took: where it was there already, what it took then
 */
export function noteLoaded(
  bridge: GAMABridge,
  { modelId, form, isNewUser, loading }: NewlyLoaded,
): LoadReport {
  const ofBridge = models.get(bridge) ?? new Map<string, LoadedModel>();
  models.set(bridge, ofBridge);
  const before = ofBridge.get(modelId);
  const users = (before?.users ?? 0) + (isNewUser ? 1 : 0);
  // The answer that it is there already takes next to no time.
  const isQuestion =
    before?.form === form && before.loading.processingTime > loading.processingTime;
  const took = isQuestion ? before.loading : loading;
  ofBridge.set(modelId, { users, form, loading: took });
  return took;
}

/** Whether the model was last loaded in this form. */
export function isLoadedWith(bridge: GAMABridge, modelId: string, form: string): boolean {
  return models.get(bridge)?.get(modelId)?.form === form;
}

/** The models were unloaded for all: each service loads its own again when it is next used. */
export function noteUnloaded(bridge: GAMABridge, modelIds: readonly string[]): void {
  for (const modelId of modelIds) {
    const model = models.get(bridge)?.get(modelId);
    if (model !== undefined) model.form = "";
  }
}

/** @returns whether that was the last service that used the model */
export function releaseModel(bridge: GAMABridge, modelId: string): boolean {
  const model = models.get(bridge)?.get(modelId);
  if (model === undefined) return false;
  model.users -= 1;
  if (model.users === 0) models.get(bridge)?.delete(modelId);
  return model.users === 0;
}
