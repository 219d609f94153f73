import { InvalidArgumentError } from "../../../errors.ts";
import type { CostCall, Study } from "../../study-types.ts";
import type { StudyArm } from "../baselines.ts";

/** Of a study that measures cost: its plan with every default filled in. */
export interface CostDesign {
  readonly a: string;
  readonly b: string;
  readonly incarnations: number;
  readonly blocks: number;
  readonly clipsPerSlot: number;
  readonly noiseFloor: boolean;
}

/** @throws InvalidArgumentError a number that is none, or a pair that is not two arms of the study */
export function toCostDesign(
  { cost = false, primary }: Pick<Study, "cost" | "primary">,
  arms: readonly StudyArm[],
): CostDesign | null {
  if (cost === false) return null;
  const { incarnations = 5, blocks = 4, clipsPerSlot = 4, noiseFloor = true } = cost;
  for (const [name, value] of Object.entries({ incarnations, blocks, clipsPerSlot })) {
    if (Number.isInteger(value) && value >= 1) continue;
    throw new InvalidArgumentError(`cost.${name}`, "a whole number from 1", value);
  }
  const [a, b] = cost.pair ?? choosePair(primary, arms);
  const ids = arms.map(({ id }) => id);
  if (a === b || !ids.includes(a) || !ids.includes(b)) {
    const expected = `two of the arms ${ids.join(", ")}`;
    throw new InvalidArgumentError("cost.pair", expected, `${a} and ${b}`);
  }
  return { a, b, incarnations, blocks, clipsPerSlot, noiseFloor };
}

/** Both arms; against itself the first one twice. */
export function sidesOf(
  { a, b }: Pick<CostDesign, "a" | "b">,
  arms: readonly StudyArm[],
  phase: CostCall["phase"],
): Readonly<Record<CostCall["side"], StudyArm>> {
  const find = (id: string): StudyArm => {
    const arm = arms.find((each) => each.id === id);
    if (arm === undefined) throw new TypeError(`The study has no arm ${id}`);
    return arm;
  };
  return { a: find(a), b: find(phase === "aa" ? a : b) };
}

/** What the study is about, where it says so. */
function choosePair(
  primary: Study["primary"],
  arms: readonly StudyArm[],
): readonly [a: string, b: string] {
  const asked = arms.flatMap(({ id, baseline }) => (baseline === null ? [id] : []));
  const claim = primary.find((each) => asked.includes(each.a) && asked.includes(each.b));
  if (claim !== undefined) return [claim.a, claim.b];
  const [a, b] = asked;
  if (a !== undefined && b !== undefined) return [a, b];
  const expected = "given: only one arm is no baseline";
  throw new InvalidArgumentError("cost.pair", expected, undefined);
}
