import { parseArgs } from "node:util";
import { LeakageError } from "../../compare/leakage-error.ts";
import { StudyRefusedError } from "../../compare/study-refused-error.ts";
import { UsageError } from "../usage-error.ts";
import { INTERRUPTED, withInterrupt } from "./interrupt.ts";
import { PAIR_FLAGS, type PairRequest, readPair } from "./pair-flags.ts";
import { RUN_FLAGS, type RunRequest, readRun } from "./run-flags.ts";

/** What is compared, and how. */
export interface CompareRequest {
  /** Two models, or the path of a study file. */
  readonly study: PairRequest | string;
  readonly run: RunRequest;
}

/** It could be run, and its numbers would mislead. */
const REFUSED = 4;
const SCRIPT = /\.[cm]?[jt]s$/;

/** `compare --a MODEL --b MODEL …` and `compare STUDY.ts …`. */
export async function compareStudy(args: string[]): Promise<number> {
  const request = readRequest(args);
  return await withInterrupt(async (controller) => {
    try {
      // Only now: a mistake in a flag needs neither the bridge nor the report.
      const { runAndReport } = await import("./run-and-report.ts");
      return await runAndReport(request, controller);
    } catch (error) {
      if (controller.signal.aborted) {
        const how = request.run.fresh ? "the same command without --fresh" : "the same command";
        console.error(`grym-synth compare: interrupted; ${how} goes on where it stopped`);
        return INTERRUPTED;
      }
      if (!(error instanceof LeakageError || error instanceof StudyRefusedError)) throw error;
      console.error(`grym-synth compare: refused: ${error.message}`);
      return REFUSED;
    }
  });
}

/** @throws UsageError the command line was not understood */
export function readRequest(args: string[]): CompareRequest {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { ...PAIR_FLAGS, ...RUN_FLAGS },
  });
  const [file, ...more] = positionals;
  if (file === undefined) return { study: readPair(values), run: readRun(values) };
  if (!SCRIPT.test(file)) {
    const expected = "expected replay, diff, report, export, or a study file (.ts)";
    throw new UsageError(`${expected}, got ${file}`);
  }
  if (more.length > 0) throw new UsageError(`unexpected "${more.join(" ")}"`);
  const told = Object.entries(values).flatMap(([flag, value]) =>
    flag in PAIR_FLAGS && value !== undefined ? `--${flag}` : [],
  );
  if (told.length > 0) {
    throw new UsageError(`${told.join(", ")}: with a study file, the file says it`);
  }
  return { study: file, run: readRun(values) };
}
