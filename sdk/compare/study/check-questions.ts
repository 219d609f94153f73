/** Can the models do what the arms ask of them? Found out on a tone, before the first clip. */
import { AudioClip } from "../../audio/audio-clip.ts";
import type { CallOptions } from "../../bridge/call-options.ts";
import { InvalidArgumentError } from "../../errors.ts";
import type { Task } from "../study-types.ts";
import type { ArmModels } from "./arm-models.ts";
import type { StudyArm } from "./baselines.ts";

const RATE = 16_000;
const SECONDS = 0.5;
const HERTZ = 440;

/**
 * Asks every question once, for one token.
 *
 * @throws InvalidArgumentError a model without a language model is to answer
 * @throws CapabilityError a model has not learnt questions of such a kind
 */
export async function checkQuestions(
  arms: readonly StudyArm[],
  tasks: readonly Task[],
  models: ArmModels,
  { signal }: CallOptions,
): Promise<void> {
  const samples = Float32Array.from(
    { length: RATE * SECONDS },
    (_, at) => 0.3 * Math.sin((2 * Math.PI * HERTZ * at) / RATE),
  );
  const audio = AudioClip.fromSamples(samples, RATE);
  const options = { signal, cache: false, maxNewTokens: 1 };
  for (const arm of arms) {
    const { reads } = arm;
    if (reads.by === "features") continue;
    const { service, info } = models.of(arm);
    const needed = reads.by === "score" ? "score" : "describe";
    if (!info.capabilities.includes(needed)) {
      throw new InvalidArgumentError(`arm ${arm.id}`, `a model that can ${needed}`, arm.model);
    }
    if (reads.by === "score") {
      const { prompt, candidates } = reads;
      await service.score([audio], Object.values(candidates), { signal, prompt, cache: false });
    } else {
      const prompts = reads.by === "text" ? [reads.prompt] : promptsOf(tasks);
      await service.describe(
        prompts.map((prompt) => ({ audio, prompt })),
        options,
      );
    }
  }
}

function promptsOf(tasks: readonly Task[]): string[] {
  return tasks.flatMap((task) =>
    task.kind === "questions" ? Object.values(task.questions).map(({ ask }) => ask) : [],
  );
}
