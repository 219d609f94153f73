import { existsSync } from "node:fs";
import { join } from "node:path";
import { OPENING_FILES } from "../../records/run/opening.ts";
import { UsageError } from "../usage-error.ts";

/**
 * The folders of runs that a verb is given.
 *
 * @throws UsageError another number of them, or one that is no run
 */
export function runFolders(positionals: readonly string[], count: 1 | 2): string[] {
  if (positionals.length !== count) {
    const wanted = count === 1 ? "one run's folder" : "the folders of two runs";
    throw new UsageError(`name ${wanted}, got ${positionals.length}`);
  }
  for (const folder of positionals) {
    if (!existsSync(join(folder, OPENING_FILES.study))) {
      throw new UsageError(`${folder} is no folder of a run: it has no ${OPENING_FILES.study}`);
    }
  }
  return [...positionals];
}
