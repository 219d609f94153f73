/** Which fields of a run can change its numbers: what two runs must share to be compared at all. */
import { digestOf, type Json } from "./canonical-json.ts";
import type { JsonObject } from "./opening.ts";

/** The parts of an opening that say how it was measured. */
export interface RunConditions {
  readonly study: JsonObject;
  readonly data: JsonObject;
  readonly arms: JsonObject;
  readonly machine: JsonObject;
}

/** What a field can change. */
export interface Explains {
  /** What is heard, asked and scored. */
  readonly quality: boolean;
  /** Seconds, bytes, joules. */
  readonly cost: boolean;
  /** The last bits of a number, and with them an outcome that was on the edge. */
  readonly bits: boolean;
}

/** Packages whose code makes an outcome. */
const NUMERIC = "torch|transformers|numpy|scipy|scikit-learn|soundfile|soxr";
/** Of an arm, all but what its folder says of licence and citation. */
const ARMS = /^arms\.[^.]+\.(?!card\b)/;
const QUALITY = [
  /^study\.(crop|folds|stopping|tasks|seed)\b/,
  /^data\.(root|protocol|excluded)\b/,
  ARMS,
  new RegExp(`^machine\\.versions\\.(${NUMERIC})$`),
];
const COST = [
  /^study\.(cost|crop)\b/,
  ARMS,
  /^machine\.(platform|cpu|cores|affinity|memory|threads|governor|cgroup|blas|device|container|versions)\b/,
];
const BITS = [/^machine\.(cpu|threads|blas|device|code|locks)\b/];

export function explains(path: string): Explains {
  const is = (patterns: readonly RegExp[]): boolean => patterns.some((each) => each.test(path));
  return { quality: is(QUALITY), cost: is(COST), bits: is(BITS) };
}

/** Runs with one key compare in quality, or in cost; others only with a word about what differs. */
export function keysOf(conditions: RunConditions): { qualityKey: string; costKey: string } {
  const leaves = listLeaves({ ...conditions });
  const keyOf = (what: "quality" | "cost"): string =>
    digestOf(leaves.filter(([path]) => explains(path)[what]));
  return { qualityKey: keyOf("quality"), costKey: keyOf("cost") };
}

/** Paths and values, in the order of names; an empty list or object is a leaf. */
function listLeaves(value: Json, path = ""): [path: string, value: Json][] {
  if (typeof value !== "object" || value === null) return [[path, value]];
  const members = Array.isArray(value)
    ? value.map((item: Json, index) => [`${path}[${index}]`, item] as const)
    : Object.entries(value)
        .filter((entry): entry is [string, Json] => entry[1] !== undefined)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, member]) => [path === "" ? name : `${path}.${name}`, member] as const);
  if (members.length === 0) return [[path, value]];
  return members.flatMap(([name, member]) => listLeaves(member, name));
}
