/** Which calls are timed in which order: drawn by seed before the first clip, and kept in `schedule.json`. */
import { InvalidArgumentError } from "../../../errors.ts";
import type { CostCall } from "../../study-types.ts";
import type { Chunk } from "../chunks.ts";
import { streamSeed } from "../stream-seed.ts";
import type { UsedClip } from "../used-clips.ts";
import type { CostDesign } from "./cost-design.ts";

/** Four slots: each arm twice, so that what drifts evenly does so for both alike. */
export interface PlannedBlock {
  readonly order: "ABBA" | "BAAB";
  /** Heard one by one in each slot: a short one, …, a long one. */
  readonly clips: readonly string[];
  /** Heard in one call after them. */
  readonly chunk: string;
}

/** What a pair of processes does. */
export interface PlannedIncarnation {
  readonly phase: CostCall["phase"];
  /** From 0, in each phase. */
  readonly incarnation: number;
  /** Whose first call comes first. */
  readonly begins: CostCall["side"];
  readonly blocks: readonly PlannedBlock[];
}

/** The part of `schedule.json` about cost. */
export interface CostSchedule {
  readonly seed: number;
  /** Of first and warm-up calls: of the length in the middle. */
  readonly clip: string;
  /** Those of the noise floor first. */
  readonly incarnations: readonly PlannedIncarnation[];
}

/** What is drawn from: the clips in the order of their lengths. */
interface Stock {
  /** As many lists as a slot has clips, each of like lengths, each in a drawn order. */
  readonly strata: readonly (readonly string[])[];
  readonly chunks: readonly string[];
}

/** @throws InvalidArgumentError no clip can be decoded */
export function planCost(
  { incarnations, blocks, clipsPerSlot, noiseFloor }: CostDesign,
  clips: readonly UsedClip[],
  chunks: readonly Chunk[],
  seed: number,
): CostSchedule {
  const drawn = streamSeed(seed, "cost");
  const usable = new Set(clips.flatMap(({ id, pcm }) => (pcm === null ? [] : [id])));
  // Chunks are sorted by what is heard of their clips.
  const byLength = chunks.flatMap((chunk) => chunk.clips.filter((id) => usable.has(id)));
  const clip = byLength[Math.floor(byLength.length / 2)];
  if (clip === undefined) throw new InvalidArgumentError("data", "a clip that can be decoded", 0);
  const most = Math.max(...chunks.map((chunk) => chunk.clips.length));
  const full = chunks.filter((chunk) => chunk.clips.length === most).map(({ id }) => id);
  const stock: Stock = {
    strata: stratify(byLength, clipsPerSlot).map((ids) => shuffle(ids, drawn, "clips")),
    chunks: shuffle(full, drawn, "chunks"),
  };
  const phases = noiseFloor ? (["aa", "ab"] as const) : (["ab"] as const);
  const planned = phases.flatMap((phase) =>
    Array.from({ length: incarnations }, (_, incarnation): PlannedIncarnation => {
      const name = `${phase} ${incarnation}`;
      const begins = streamSeed(drawn, `begins ${name}`) % 2 === 0 ? "a" : "b";
      const orders = drawOrders(blocks, drawn, name);
      // Both phases hear the same clips: the floor is that of the same work.
      const take = (order: PlannedBlock["order"], block: number): PlannedBlock =>
        takeBlock(stock, order, incarnation * blocks + block);
      return { phase, incarnation, begins, blocks: orders.map(take) };
    }),
  );
  return { seed: drawn, clip, incarnations: planned };
}

/** As many of the one as of the other, and of an odd number the last by a coin. */
function drawOrders(blocks: number, seed: number, name: string): PlannedBlock["order"][] {
  const coin = streamSeed(seed, `coin ${name}`) % 2;
  const places = shuffle(
    Array.from({ length: blocks }, (_, place) => String(place)),
    seed,
    `order ${name}`,
  );
  const rank = new Map(places.map((place, at) => [Number(place), at]));
  return Array.from({ length: blocks }, (_, place) =>
    ((rank.get(place) ?? 0) + coin) % 2 === 0 ? "ABBA" : "BAAB",
  );
}

function takeBlock(
  { strata, chunks }: Stock,
  order: PlannedBlock["order"],
  number: number,
): PlannedBlock {
  const clips = strata.flatMap((ids) => ids[number % ids.length] ?? []);
  return { order, clips, chunk: chunks[number % chunks.length] ?? "" };
}

/** Cuts the list into parts of like size, none of them empty. */
function stratify(ids: readonly string[], parts: number): string[][] {
  const count = Math.min(parts, ids.length);
  const start = (part: number): number => Math.floor((part * ids.length) / count);
  return Array.from({ length: count }, (_, part) => ids.slice(start(part), start(part + 1)));
}

/** In the order of digests: another one for each seed and name. */
function shuffle(ids: readonly string[], seed: number, name: string): string[] {
  return ids
    .map((id) => ({ id, draw: streamSeed(seed, `${name} ${id}`) }))
    .sort((a, b) => a.draw - b.draw || (a.id < b.id ? -1 : 1))
    .map(({ id }) => id);
}
