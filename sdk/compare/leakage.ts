/** Leakage by identity: one source, or one sound, on both sides of a split. */
import { InvalidArgumentError } from "../errors.ts";
import type { Dataset, ManifestRow } from "./dataset-types.ts";
import { findMisuse } from "./fold-misuse.ts";
import { LeakageError } from "./leakage-error.ts";
import type { FoldPlan } from "./plan-folds.ts";
import type { LeakageFinding } from "./results-types.ts";

/** What more is known of the clips and their folds. */
export interface LeakageOptions {
  /** Digest of the decoded samples by clip (of `hearClips`): finds one sound in two containers. */
  readonly pcm?: ReadonlyMap<string, string | null> | undefined;
  /**
   * Label that is read off. Who speaks is no leak where that is the question.
   * @default "class"
   */
  readonly label?: string | undefined;
}

type Field = readonly [name: string, of: (row: ManifestRow) => string | null | undefined];

const IDENTITIES: readonly Field[] = [
  ["source", ({ clusterId }) => clusterId],
  ["Freesound id", ({ freesoundId }) => freesoundId],
  ["speaker", ({ speaker }) => speaker],
  ["artist", ({ artist }) => artist],
];

/**
 * Looks for clips that belong together and stand on different sides. Where folds of whole sources are drawn,
 * each source may come to stand on a side of its own.
 *
 * @returns what was found in the folds or splits of the authors, each with a clip of every side
 * @throws LeakageError something was found in other folds; folds that are not those of the data set's authors
 * @throws InvalidArgumentError not one fold or split for each row
 */
export function checkLeakage(
  dataset: Pick<Dataset, "name" | "rows" | "protocol">,
  plan: FoldPlan,
  options: LeakageOptions = {},
): LeakageFinding[] {
  const { name, rows, protocol } = dataset;
  const sides = sidesOf(rows, plan);
  const misused = findMisuse(dataset, plan);
  if (misused !== undefined) throw new LeakageError(name, [misused]);
  const { pcm, label = "class" } = options;
  const asked = IDENTITIES.filter(([, of]) => !rows.every((row) => isAnswer(row, of(row), label)));
  const sounds: readonly Field[] = [
    ["file", ({ sha256 }) => sha256],
    ["decoded sound", ({ id }) => pcm?.get(id)],
  ];
  const found = [
    ...asked.flatMap((field) => findShared("same source", field, rows, sides)),
    ...sounds.flatMap((field) => findShared("exact duplicate", field, rows, sides)),
  ];
  // An id of Freesound is often the source as well: the same clips are told once, by the first name.
  const told = new Map(found.map(({ key, finding }) => [key, finding] as const).reverse());
  const findings = found
    .filter(({ key, finding }) => told.get(key) === finding)
    .map(({ finding }) => finding);
  // What the authors cut is not the user's fault, and no paper's number compares with other folds.
  if (findings.length > 0 && plan.kind !== protocol.kind) throw new LeakageError(name, findings);
  return findings;
}

/** Which rows may not meet, a name for each. */
export function sidesOf(rows: readonly ManifestRow[], plan: FoldPlan): readonly string[] {
  if (plan.kind === "drawn") return rows.map(({ clusterId }) => `source ${clusterId}`);
  const sides =
    plan.kind === "folds" ? plan.fold.map((fold) => `fold ${fold}`) : plan.split.map(String);
  if (sides.length === rows.length) return sides;
  throw new InvalidArgumentError(plan.kind, `one for each of ${rows.length} rows`, sides.length);
}

/** Where the identity is the label that is read off, or is not known. */
function isAnswer(row: ManifestRow, identity: string | null | undefined, label: string): boolean {
  return identity === undefined || identity === null || identity === row.labels[label];
}

function findShared(
  kind: "same source" | "exact duplicate",
  [field, of]: Field,
  rows: readonly ManifestRow[],
  sides: readonly string[],
): { readonly key: string; readonly finding: LeakageFinding }[] {
  const together = Map.groupBy(rows.keys(), (at) => {
    const row = rows[at];
    return row === undefined ? undefined : (of(row) ?? undefined);
  });
  return [...together].flatMap(([identity, places]) => {
    const bySide = Map.groupBy(places, (at) => sides[at] ?? "");
    if (identity === undefined || bySide.size < 2) return [];
    const clips = [...bySide.values()].flatMap(([first = 0]) => rows[first]?.id ?? []);
    const what = kind === "same source" ? `one ${field}, ${identity}` : `one ${field}`;
    const [one, other, ...more] = bySide.keys();
    const rest = more.length > 0 ? ` and ${more.length} more` : "";
    const note = `${what}, in ${one} and ${other}${rest}: ${places.length} clips`;
    const key = [kind, ...places].join(" ");
    return [{ key, finding: { kind, clips, note, resolved: false } }];
  });
}
