/** A pair of fresh processes: loaded, called a first time, warmed up, timed block by block, and ended. */
import { loadavg } from "node:os";
import type { CallOptions } from "../../../bridge/call-options.ts";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { InvalidArgumentError, ProcessExitError } from "../../../errors.ts";
import type { CostCall } from "../../study-types.ts";
import { type ArmModel, loadArm } from "../arm-models.ts";
import type { StudyArm } from "../baselines.ts";
import { type ClipFile, hearChunk } from "../hear-chunk.ts";
import type { Work } from "../work.ts";
import type { PlannedIncarnation } from "./cost-schedule.ts";
import {
  type EnergyReading,
  joulesBetween,
  leastSeconds,
  readEnergy,
  sharedCounters,
} from "./energy.ts";

/** What the calls of an incarnation are made with. */
export interface Measuring {
  readonly planned: PlannedIncarnation;
  readonly attempt: number;
  readonly arms: Readonly<Record<CostCall["side"], StudyArm>>;
  /** Of random weights. */
  readonly seed: number;
  /** Of first and warm-up calls. */
  readonly clip: ClipFile;
  file(clip: string): ClipFile;
  chunk(id: string): readonly ClipFile[];
  /** Seconds since cost was begun to be measured. */
  clock(): number;
  /** Told after each block. */
  onBlock(block: number): void;
}

/** What an incarnation gave. */
export interface Measured {
  readonly rows: readonly CostCall[];
  /** What both processes are counted by. */
  readonly energy: EnergyReading;
  /** A process was lost: nothing of it counts. */
  readonly fault: ProcessExitError | null;
}

/** A process, and the arm that it holds. */
interface Side {
  readonly side: CostCall["side"];
  readonly model: ArmModel;
  readonly loadMs: number;
}

/** A call's place in the plan. */
type Place = Pick<CostCall, "call" | "block" | "slot" | "clip">;

const SIDES = ["a", "b"] as const;
const SLOTS = [0, 1, 2, 3] as const;
const OUTSIDE = { block: null, slot: null };

/**
 * @throws InvalidArgumentError a clip could not be heard
 * @throws OperationFailedError the model failed
 */
export async function measureIncarnation(
  measuring: Measuring,
  { signal }: CallOptions,
): Promise<Measured> {
  // One that dies is to be told, not replaced: a call that is repeated would time the start of a process.
  const restart = { maxAttempts: 1 };
  const calls = new Calls(measuring, signal);
  const bridges = SIDES.map(() => new GAMABridge({ transport: "spawn", restart }));
  try {
    const sides = await Promise.all(
      bridges.map((bridge, at) => calls.load(SIDES[at] ?? "a", bridge)),
    );
    await calls.measure(sides);
    return { rows: calls.rows, energy: calls.energy, fault: null };
  } catch (error) {
    if (!(error instanceof ProcessExitError)) throw error;
    return { rows: calls.rows, energy: calls.energy, fault: error };
  } finally {
    await Promise.all(bridges.map((bridge) => bridge.shutdown()));
  }
}

/** The calls of an incarnation, and their rows in the order of calling. */
class Calls {
  readonly rows: CostCall[] = [];
  energy: EnergyReading = { counters: [], reason: "no process was asked" };
  readonly #measuring: Measuring;
  readonly #signal: AbortSignal | undefined;

  constructor(measuring: Measuring, signal: AbortSignal | undefined) {
    this.#measuring = measuring;
    this.#signal = signal;
  }

  async load(side: CostCall["side"], bridge: GAMABridge): Promise<Side> {
    const { arms, seed } = this.#measuring;
    const began = performance.now();
    const model = await loadArm(arms[side], seed, bridge, { signal: this.#signal });
    return { side, model, loadMs: performance.now() - began };
  }

  async measure(sides: readonly Side[]): Promise<void> {
    const { planned, clip, chunk, file, onBlock } = this.#measuring;
    const load = { call: "load", ...OUTSIDE, clip: null } as const;
    for (const side of sides) this.#add(side, load, 0, side.loadMs, side.model.loading);
    const inOrder = planned.begins === "a" ? sides : sides.toReversed();
    for (const side of inOrder) {
      await this.#time(side, { call: "first", ...OUTSIDE, clip: clip.id }, [clip]);
    }
    // Clips one by one and a chunk at once take different ways through a model.
    const named = planned.blocks[0]?.chunk ?? "";
    for (const side of inOrder) {
      await this.#time(side, { call: "warm-up", ...OUTSIDE, clip: clip.id }, [clip]);
      await this.#time(side, { call: "warm-up", ...OUTSIDE, clip: `chunk ${named}` }, chunk(named));
    }
    const [a, b] = await Promise.all(sides.map(({ model }) => readEnergy(model.bridge)));
    if (a !== undefined && b !== undefined) this.energy = sharedCounters(a, b);
    for (const [block, { order, clips, chunk: batch }] of planned.blocks.entries()) {
      for (const slot of SLOTS) {
        const side = sides[order[slot] === "A" ? 0 : 1];
        if (side === undefined) throw new TypeError(`No side of ${order} has slot ${slot}`);
        for (const id of clips) {
          await this.#time(side, { call: "single", block, slot, clip: id }, [file(id)]);
        }
        await this.#time(
          side,
          { call: "batch", block, slot, clip: `chunk ${batch}` },
          chunk(batch),
        );
      }
      onBlock(block);
    }
  }

  /** Times one call; of a batch that is counted as many as the counter needs. */
  async #time(side: Side, place: Place, files: readonly ClipFile[]): Promise<void> {
    const isCounted = place.call === "batch" && this.energy.counters.length > 0;
    const { model } = side;
    const before = isCounted ? await readEnergy(model.bridge) : null;
    const leastMs = isCounted ? 1000 * leastSeconds(this.energy) : 0;
    const began = performance.now();
    let [clips, wallMs] = [0, 0];
    let work: Work | null = null;
    do {
      work = addWork(work, await this.#listen(side, place, files));
      clips += files.length;
      wallMs = performance.now() - began;
    } while (wallMs < leastMs);
    const joules = before && joulesBetween(before, await readEnergy(model.bridge));
    this.#add(side, place, clips, wallMs, work, joules);
  }

  async #listen({ side, model }: Side, place: Place, files: readonly ClipFile[]): Promise<Work> {
    const { reads } = this.#measuring.arms[side];
    const { rows, work } = await hearChunk(model, reads, files, {
      signal: this.#signal,
      cache: false,
    });
    // It may have died between two calls: the model would have been loaded anew within this one.
    const { lastCrash } = model.bridge.stats();
    if (lastCrash !== undefined) throw new ProcessExitError(place.call, lastCrash);
    const failed = rows.find(({ failure }) => failure !== null);
    if (work === null || failed !== undefined) {
      const expected = "heard, as it was when quality was measured";
      throw new InvalidArgumentError(`clip ${failed?.clip}`, expected, failed?.failure);
    }
    if (work.isCached) throw new TypeError("An answer that is timed came from the disk");
    return work;
  }

  #add(
    { side }: Side,
    place: Place,
    clips: number,
    wallMs: number,
    { seconds, peakBytes, peakSource, devicePeakBytes }: Work,
    joules: number | null = null,
  ): void {
    const { planned, attempt, arms, clock } = this.#measuring;
    const { phase, incarnation } = planned;
    const [load = 0] = loadavg();
    this.rows.push({
      phase,
      incarnation,
      attempt,
      side,
      arm: arms[side].id,
      ...place,
      clips,
      wallMs,
      pythonMs: 1000 * seconds,
      peakBytes,
      peakSource,
      devicePeakBytes,
      joules,
      load,
      seconds: clock(),
    });
  }
}

/** Of calls one after the other. */
function addWork(before: Work | null, next: Work): Work {
  if (before === null) return next;
  return {
    ...next,
    seconds: before.seconds + next.seconds,
    peakBytes: Math.max(before.peakBytes, next.peakBytes),
    devicePeakBytes:
      next.devicePeakBytes && Math.max(before.devicePeakBytes ?? 0, next.devicePeakBytes),
  };
}
