import { InvalidArgumentError } from "../errors.ts";
import type { Dataset, Split } from "./dataset-types.ts";
import { StudyRefusedError } from "./study-refused-error.ts";

/** Which folds are asked for. */
export interface FoldRequest {
  /** @default "official" where the data set has a protocol of its own, else 5 */
  readonly folds?: number | "official" | undefined;
  /**
   * Of folds that are drawn here.
   * @default 0
   */
  readonly seed?: number | undefined;
}

/** Who trains and who is tested, a value for each row. */
export type FoldPlan =
  | { readonly kind: "folds"; readonly fold: readonly number[] }
  | { readonly kind: "splits"; readonly split: readonly Split[] }
  /** Whole sources, drawn by `probe`. */
  | { readonly kind: "drawn"; readonly folds: number; readonly seed: number };

const DRAWN_FOLDS = 5;

/**
 * The folds of a comparison. Official ones are kept: numbers on others compare with no paper, and the
 * authors cut theirs so that parts of one recording stay together.
 *
 * @throws StudyRefusedError folds or a seed of one's own where the authors give theirs
 * @throws InvalidArgumentError official folds where there are none; rows without their fold or split; fewer
 *   than two folds
 */
export function planFolds(
  { name, rows, protocol }: Pick<Dataset, "name" | "rows" | "protocol">,
  { folds, seed }: FoldRequest = {},
): FoldPlan {
  if (protocol.kind === "free") {
    if (folds === "official") {
      throw new InvalidArgumentError("folds", `a number: ${name} has none of its own`, folds);
    }
    return { kind: "drawn", folds: atLeastTwo(folds ?? DRAWN_FOLDS), seed: seed ?? 0 };
  }
  const rule = `${name} comes with its ${protocol.kind}: ${protocol.rule} (${protocol.citation})`;
  if (folds !== undefined && folds !== "official") {
    throw new StudyRefusedError("folds", `"official", because ${rule}`, folds);
  }
  if (seed !== undefined) {
    throw new StudyRefusedError("seed", `left out, because ${rule}`, seed);
  }
  if (protocol.kind === "splits") {
    const split = rows.map((row) => row.split ?? refuse(row.id, "split"));
    for (const part of ["train", "test"] as const) {
      if (!split.includes(part)) throw new InvalidArgumentError("split", `also \`${part}\``, name);
    }
    return { kind: "splits", split };
  }
  const fold = rows.map((row) => row.fold ?? refuse(row.id, "fold"));
  atLeastTwo(new Set(fold).size);
  return { kind: "folds", fold };
}

function atLeastTwo(folds: number): number {
  if (Number.isInteger(folds) && folds >= 2) return folds;
  throw new InvalidArgumentError("folds", "a whole number >= 2", folds);
}

function refuse(id: string, field: string): never {
  throw new InvalidArgumentError(`${field} of ${id}`, "given by the data set", undefined);
}
