/** One chunk before all others: it tells what cannot work, and how long the rest will take. */
import type { CallOptions } from "../../bridge/call-options.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import type { ArmModels } from "./arm-models.ts";
import type { StudyArm } from "./baselines.ts";
import { checkNeighbours } from "./check-neighbours.ts";
import { estimateHearing, type OnEstimate } from "./estimate.ts";
import {
  type HeardSteps,
  type Hearing,
  hearAll,
  type Onlooker,
  openSteps,
  roundsOf,
} from "./hear-all.ts";

/** Who is told. */
export interface HearFirstOptions extends Pick<CallOptions, "signal" | "onProgress"> {
  readonly onEstimate?: OnEstimate | undefined;
}

/** Hears what another run has left undone, and one chunk of each arm that no arm has heard yet. */
export async function hearFirst(
  run: RunDirectory,
  models: ArmModels,
  hearing: Hearing,
  { onEstimate, ...call }: HearFirstOptions,
  onlooker?: Onlooker,
): Promise<HeardSteps["end"]> {
  const { clips, cropSeconds } = hearing;
  const open = Map.groupBy(openSteps(run, hearing), ({ round }) => round);
  const untouched = roundsOf(hearing).findIndex(
    (steps, round) => open.get(round)?.length === steps.length,
  );
  const first = openSteps(run, hearing).filter(({ round }) => round <= untouched);
  const { heard, end } = await hearAll(run, models, hearing, first, call, onlooker);
  await checkNeighbours(run, models, hearing, call);
  const measured = heard.filter(({ round }) => round === untouched);
  const left = openSteps(run, hearing);
  if (measured.length === 0 || left.length === 0 || end === "stopped") return end;
  const windowOf = (arm: StudyArm): number | null => models.of(arm).info.windowSeconds;
  await onEstimate?.(estimateHearing(measured, left, { clips, cropSeconds, windowOf }));
  call.signal?.throwIfAborted();
  return end;
}
