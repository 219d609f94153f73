/** Kills processes while they store, and looks what is left. Used by the tests and by the soak. */
import { setTimeout as sleep } from "node:timers/promises";
import { PatternStorage } from "../../feature-memory/index.ts";
import { MODEL, makeFolder, makePattern, seededNumbers } from "./make-pattern.ts";
import { StoreProcess } from "./run-store-process.ts";

/** What was found over all kills. */
export interface CrashOutcome {
  readonly kills: number;
  readonly acknowledged: number;
  /** Acknowledged patterns that are not there, or not as they were. */
  readonly lost: number;
  /** Ids that are there more than once. */
  readonly duplicates: number;
  /** Patterns that are there without their acknowledgement: it was killed on its way. */
  readonly unacknowledged: number;
  /** Repairs that were made at opening: a killed process tears nothing. */
  readonly repairs: number;
}

/** Milliseconds of storing before a kill: from the first commit to some way past an upkeep. */
const LONGEST_MS = 1_500;

/** @param seed of the points at which the processes are killed */
export async function crashRounds(kills: number, seed: string): Promise<CrashOutcome> {
  const folder = makeFolder();
  const acknowledged: string[] = [];
  let repairs = 0;
  for (let round = 0; round < kills; round += 1) {
    const writer = await StoreProcess.start("forever", folder, `r${round}`);
    const [random = 0] = seededNumbers(`${seed} ${round}`, 1);
    writer.go();
    await sleep(((random + 1) / 2) * LONGEST_MS);
    await writer.kill();
    acknowledged.push(...writer.acknowledged);
    await using storage = new PatternStorage({ folder, model: MODEL });
    await storage.initialize();
    repairs += storage.repairs.length;
  }
  await using storage = new PatternStorage({ folder, model: MODEL });
  const patterns = await storage.find();
  const byId = new Map(patterns.map((pattern) => [pattern.id, pattern]));
  const isWhole = (id: string): boolean => {
    const right = makePattern(id).features;
    return byId.get(id)?.features.every((value, at) => value === right[at]) === true;
  };
  return {
    kills,
    acknowledged: acknowledged.length,
    lost: acknowledged.filter((id) => !isWhole(id)).length,
    duplicates: (await storage.count()) - byId.size,
    unacknowledged: byId.size - new Set(acknowledged).size,
    repairs,
  };
}
