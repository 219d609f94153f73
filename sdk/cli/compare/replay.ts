import { parseArgs } from "node:util";
import { type Replay, replayRun } from "../../compare/replay-run.ts";
import { progress } from "../../display/progress.ts";
import { findDifferences } from "../../records/run/differences.ts";
import { INTERRUPTED, withInterrupt } from "./interrupt.ts";
import { runFolders } from "./run-folders.ts";
import { writeDifferences } from "./write-differences.ts";

/** `compare replay RUN`: 0 where every number is the same to the bit, else 1. */
export async function runReplay(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { json: { type: "boolean" } },
  });
  const [folder = ""] = runFolders(positionals, 1);
  return await withInterrupt(async ({ signal }) => {
    try {
      using bar = progress("computing again");
      const replay = await replayRun(folder, { signal, onProgress: bar });
      bar.end();
      console.log(values.json ? JSON.stringify(replay, null, 2) : describe(folder, replay));
      return replay.identical ? 0 : 1;
    } catch (error) {
      if (!signal.aborted) throw error;
      console.error("grym-synth compare: interrupted; nothing was changed");
      return INTERRUPTED;
    }
  });
}

function describe(folder: string, { identical, differences, versions }: Replay): string {
  if (identical) return `${folder}: every number of results.json is the same to the bit`;
  const packages = findDifferences(versions.stored, versions.now);
  return [
    `${folder}: ${differences.length} numbers are not what is stored (stored, now):`,
    ...writeDifferences(differences),
    packages.length === 0
      ? "Packages and code are those of then."
      : "Not as it was then (then, now):",
    ...writeDifferences(packages),
  ].join("\n");
}
