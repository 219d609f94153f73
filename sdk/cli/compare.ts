import { compareStudy } from "./compare/compare-study.ts";

// Loaded when they run: a mistake in a flag is told at once.
const VERBS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  replay: async (args) => (await import("./compare/replay.ts")).runReplay(args),
  diff: async (args) => (await import("./compare/diff.ts")).runDiff(args),
  report: async (args) => (await import("./compare/report.ts")).runReport(args),
  export: async (args) => (await import("./compare/export.ts")).runExport(args),
};

/**
 * `grym-synth compare`: a study of two models, or of a file; and what is done with the runs of studies.
 *
 * @returns the exit code (`compare/usage.ts`)
 */
export async function runCompare(args: string[]): Promise<number> {
  const [name = "", ...rest] = args;
  const verb = Object.hasOwn(VERBS, name) ? VERBS[name] : undefined;
  return await (verb === undefined ? compareStudy(args) : verb(rest));
}
