/** Arms that choose among words, of the models that can. */
import type { CallOptions } from "../../bridge/call-options.ts";
import type { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { Dataset } from "../../compare/dataset-types.ts";
import type { Arm, Reading } from "../../compare/study-types.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { BridgedService } from "../../models/bridged-service.ts";

/** How such an arm answers. */
export type WordReading = Extract<Reading, { by: "score" }>;

/**
 * What is offered as answers: every value that the label has, in words.
 *
 * @param template `a {}`; without, the phrases of the data set, and where it has none, the label itself
 * @throws InvalidArgumentError there are no two to choose between
 */
export function candidatesOf(
  { name, rows, phrases = {} }: Pick<Dataset, "name" | "rows" | "phrases">,
  label: string,
  template?: string,
): Record<string, string> {
  const values = rows.flatMap(({ labels }) => {
    const value = labels[label];
    return value === undefined || value === null || Array.isArray(value) ? [] : String(value);
  });
  const known = [...new Set(values)].sort();
  if (known.length < 2) {
    const expected = `one with two values at least: clips of ${name} have ${known.join() || "none"}`;
    throw new InvalidArgumentError("label of zero-shot", expected, label);
  }
  const own = label === "class" ? phrases : {};
  return Object.fromEntries(
    known.map((value) => {
      const words = template?.replaceAll("{}", value) ?? own[value] ?? value;
      return [value, words];
    }),
  );
}

/** A model, whatever its family. */
class AskedService extends BridgedService {}

/**
 * Loads the models, as the study will have them in the same process, and asks what they can do.
 *
 * @returns arms by the id of the model, those that score words alone
 * @throws InvalidArgumentError none of them does
 */
export async function wordArms(
  models: readonly Pick<Arm, "id" | "model">[],
  reads: WordReading,
  { bridge, ...call }: CallOptions & { readonly bridge: GAMABridge },
): Promise<Map<string, Arm>> {
  const arms = new Map<string, Arm>();
  for (const { id, model } of models) {
    const form = { weights: "trained", dtype: "float32", quantization: "none" } as const;
    const service = new AskedService(model, { bridge, ...form });
    const { capabilities } = await service.initialize(call);
    if (capabilities.includes("score")) arms.set(id, { id: `${id}-words`, model, reads });
  }
  if (arms.size === 0) {
    const names = models.map(({ model }) => model).join(", ");
    throw new InvalidArgumentError("--task zero-shot", "of a model that scores words", names);
  }
  return arms;
}
