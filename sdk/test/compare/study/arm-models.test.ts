import { afterAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { ArmModels } from "../../../compare/study/arm-models.ts";
import { withBaselines } from "../../../compare/study/baselines.ts";
import type { PrimaryClaim } from "../../../compare/study-types.ts";
import { CapabilityError } from "../../../errors.ts";

const bridge = new GAMABridge();
afterAll(() => bridge.shutdown());

/** The twin asks for an attention that needs CUDA: with it, that model cannot be had here. */
const arms = withBaselines(
  [{ id: "model", model: "wav2vec2-tiny", reads: { by: "features" } }],
  [{ kind: "knn" }],
).map((arm) => (arm.twinOf === null ? arm : { ...arm, attention: "flash_attention_2" as const }));

async function open(given: typeof arms, primary: readonly PrimaryClaim[] = []) {
  await using models = await ArmModels.open({ arms: given, primary, seed: 3 }, bridge, {});
  return { absent: models.absent, model: models.of({ id: "model" }).info.modelId };
}

describe("the models of a study", () => {
  it("lack an untrained twin that cannot be made, and say why", async () => {
    const { absent, model } = await open(arms);
    expect(model).toBe("wav2vec2-tiny");
    expect(absent).toMatchObject([{ arm: "model-random" }]);
    expect(absent[0]?.reason).toMatch(/flash_attention_2/);
  });

  it("lack nothing that was asked for, or that a claim is about", async () => {
    const asked = arms.map((arm) => ({ ...arm, twinOf: null }));
    await expect(open(asked)).rejects.toThrow(CapabilityError);
    const claim: PrimaryClaim = {
      a: "model",
      b: "model-random",
      task: "knn",
      metric: "accuracy",
      claim: "superior",
    };
    await expect(open(arms, [claim])).rejects.toThrow(CapabilityError);
  });
});
