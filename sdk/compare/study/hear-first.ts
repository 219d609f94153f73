/** One chunk before all others: it tells what cannot work, and how long the rest will take. */
import type { CallOptions } from "../../bridge/call-options.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import type { ArmModels } from "./arm-models.ts";
import type { StudyArm } from "./baselines.ts";
import { checkNeighbours } from "./check-neighbours.ts";
import { estimateHearing, type StudyEstimate } from "./estimate.ts";
import { type Hearing, hearAll, openSteps } from "./hear-all.ts";

/** Who is told. */
export interface HearFirstOptions extends Pick<CallOptions, "signal" | "onProgress"> {
  readonly onEstimate?: ((estimate: StudyEstimate) => void | Promise<void>) | undefined;
}

/** Hears what another run has left undone, and one chunk that no arm has heard yet. */
export async function hearFirst(
  run: RunDirectory,
  models: ArmModels,
  hearing: Hearing,
  { onEstimate, ...call }: HearFirstOptions,
): Promise<void> {
  const { arms, chunks, clips, cropSeconds } = hearing;
  const open = Map.groupBy(openSteps(run, hearing), ({ chunk }) => chunk.id);
  const untouched = chunks.findIndex(({ id }) => open.get(id)?.length === arms.length);
  const first = { ...hearing, chunks: chunks.slice(0, untouched + 1) };
  const heard = await hearAll(run, models, first, call);
  await checkNeighbours(run, models, hearing, call);
  const measured = heard.filter(({ chunk }) => chunk === chunks[untouched]);
  const left = openSteps(run, hearing);
  if (measured.length === 0 || left.length === 0) return;
  const windowOf = (arm: StudyArm): number | null => models.of(arm).info.windowSeconds;
  await onEstimate?.(estimateHearing(measured, left, { clips, cropSeconds, windowOf }));
  call.signal?.throwIfAborted();
}
