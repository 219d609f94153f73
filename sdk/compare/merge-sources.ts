import type { ClipLabels, Dataset } from "./dataset-types.ts";
import type { LeakageFinding } from "./results-types.ts";

/**
 * Gives the sources whose clips belong together one `clusterId`, so that they come to stand on one side of
 * every fold. Nothing is taken out.
 *
 * @param findings of a `LeakageError`, or of a run's results
 * @example
 * try {
 *   await runStudy(study);
 * } catch (error) {
 *   if (!(error instanceof LeakageError)) throw error;
 *   await runStudy({ ...study, data: mergeSources(study.data, error.findings) });
 * }
 */
export function mergeSources<Labels extends ClipLabels>(
  dataset: Dataset<Labels>,
  findings: readonly Pick<LeakageFinding, "clips">[],
): Dataset<Labels> {
  const { rows } = dataset;
  const sources = new Map(rows.map(({ id, clusterId }) => [id, clusterId]));
  /** What a source was merged into, source by source; the last one stands for itself. */
  const into = new Map<string, string>();
  const find = (source: string): string => {
    const next = into.get(source);
    return next === undefined ? source : find(next);
  };
  for (const { clips } of findings) {
    const [first, ...others] = clips.flatMap((id) => sources.get(id) ?? []).map(find);
    if (first === undefined) continue;
    for (const other of others.map(find)) if (other !== find(first)) into.set(other, find(first));
  }
  return { ...dataset, rows: rows.map((row) => ({ ...row, clusterId: find(row.clusterId) })) };
}
