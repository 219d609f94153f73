/** One chunk before all others: it tells what cannot work, and how long the rest will take. */
import type { CallOptions } from "../../bridge/call-options.ts";
import type { RunDirectory } from "../../records/run/run-directory.ts";
import type { ArmModels } from "./arm-models.ts";
import type { StudyArm } from "./baselines.ts";
import { checkNeighbours } from "./check-neighbours.ts";
import { type CostPlan, estimateCost } from "./cost/estimate-cost.ts";
import {
  estimateHearing,
  type HeardStep,
  type HearingStep,
  type OnEstimate,
  paceOf,
  type StudyEstimate,
} from "./estimate.ts";
import {
  type HeardSteps,
  type Hearing,
  hearAll,
  type Onlooker,
  openSteps,
  roundsOf,
} from "./hear-all.ts";
import { total } from "./sums.ts";

/** Who is told. */
export interface HearFirstOptions extends Pick<CallOptions, "signal" | "onProgress"> {
  readonly onEstimate?: OnEstimate | undefined;
  /** null: cost is not measured. */
  readonly cost: CostPlan | null;
}

/** Hears what another run has left undone, and one chunk of each arm that no arm has heard yet. */
export async function hearFirst(
  run: RunDirectory,
  models: ArmModels,
  hearing: Hearing,
  { onEstimate, cost, ...call }: HearFirstOptions,
  onlooker?: Onlooker,
): Promise<HeardSteps["end"]> {
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
  await onEstimate?.(estimate(models, hearing, cost, { measured, left }));
  call.signal?.throwIfAborted();
  return end;
}

function estimate(
  models: ArmModels,
  { arms, chunks, clips, cropSeconds }: Hearing,
  cost: CostPlan | null,
  { measured, left }: { measured: readonly HeardStep[]; left: readonly HearingStep[] },
): StudyEstimate {
  const windowOf = (arm: StudyArm): number | null => models.of(arm).info.windowSeconds;
  const load = { clips, cropSeconds, windowOf };
  const toHear = estimateHearing(left, paceOf(measured, load));
  const pace = paceOf(
    measured.filter(({ isCached }) => !isCached),
    load,
  );
  // The first model of a process imports the libraries, which every process of a pair has to do.
  const loading = Math.max(...arms.map((arm) => models.of(arm).loading.seconds));
  const timing = cost === null ? 0 : estimateCost(cost, { arms, chunks, pace, loading });
  const seconds = total(Object.values(toHear.arms), (each) => each) + (timing ?? 0);
  return { ...toHear, seconds, cost: timing };
}
