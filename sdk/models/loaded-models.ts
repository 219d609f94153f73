import type { GAMABridge } from "../bridge/gama-bridge.ts";

/** What the services of a bridge know about one model id. */
interface LoadedModel {
  users: number;
  /** A process holds one model per id: the last to load decides its device and dtype. */
  form: string;
}

const models = new WeakMap<GAMABridge, Map<string, LoadedModel>>();

/**
 * Notes how a model was loaded.
 *
 * @param form the parameters of the load, as text
 * @param isNewUser counts the service among the model's users
 */
export function noteLoaded(
  bridge: GAMABridge,
  modelId: string,
  form: string,
  isNewUser: boolean,
): void {
  const ofBridge = models.get(bridge) ?? new Map<string, LoadedModel>();
  models.set(bridge, ofBridge);
  const users = (ofBridge.get(modelId)?.users ?? 0) + (isNewUser ? 1 : 0);
  ofBridge.set(modelId, { users, form });
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
