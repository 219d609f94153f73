import { GAMABridge } from "../bridge/gama-bridge.ts";
import { readEnvironment } from "../records/environment.ts";
import type { Json } from "../records/run/canonical-json.ts";
import { type Difference, findDifferences } from "../records/run/differences.ts";
import type { JsonObject } from "../records/run/opening.ts";
import { readRun } from "../records/run/read-run.ts";
import { RunError } from "../records/run/run-error.ts";
import type { StatisticsOptions } from "./probe.ts";
import { makeResults } from "./study/make-results.ts";

/** What computing a run's results again gave. */
export interface Replay {
  /** Whether every leaf is the same value, to the bit. */
  readonly identical: boolean;
  /** `a`: as stored; `b`: as computed now. */
  readonly differences: readonly Difference[];
  /** Of the packages, their linear algebra and the code (sha256), then and now. */
  readonly versions: { readonly stored: Json; readonly now: Json };
}

/**
 * Verifies the seal of a run, and computes every aggregate again from its stored rows. No model is needed.
 *
 * @param options `bridge` runs the statistics; without, a process is started and ended
 * @throws RunError `run_damaged`: a file is not what was sealed, or the run has no seal
 */
export async function replayRun(folder: string, options: StatisticsOptions = {}): Promise<Replay> {
  const stored = await readRun(folder);
  if (stored.results === null) {
    throw new RunError("run_damaged", folder, "The run is not sealed: finish it with `runStudy`");
  }
  const { bridge: given, ...call } = options;
  const bridge = given ?? new GAMABridge({ transport: "spawn" });
  try {
    const now = await makeResults(folder, bridge, call);
    const differences = findDifferences(stored.results, toJson(now));
    const versions = {
      stored: versionsOf(stored.machine),
      now: versionsOf(toJson(await readEnvironment(bridge))),
    };
    return { identical: differences.length === 0, differences, versions };
  } finally {
    if (given === undefined) await bridge.shutdown();
  }
}

/** What makes numbers of rows. */
function versionsOf({ versions = {}, blas = null, code = null }: JsonObject): Json {
  return { ...(versions as JsonObject), blas, code }; // `readEnvironment` wrote an object
}

/** As the file would hold it: −0 is 0, and what is undefined is not there. */
function toJson(value: object): JsonObject {
  return JSON.parse(JSON.stringify(value)) as JsonObject;
}
