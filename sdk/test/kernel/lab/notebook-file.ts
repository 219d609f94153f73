/** A notebook of our kernel with these cells, not run yet. */
export function notebookFile(sources: readonly string[]): string {
  const cells = sources.map((source, index) => ({
    cell_type: "code",
    id: `cell-${index}`,
    execution_count: null,
    metadata: {},
    outputs: [],
    source,
  }));
  const kernelspec = { name: "grym-synth", display_name: "TypeScript (grym-synth)" };
  const metadata = { kernelspec, language_info: { name: "typescript" } };
  return JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 });
}
