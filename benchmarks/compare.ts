/**
 * Is gama-tiny better than wav2vec2-tiny on the shipped samples, by how much, and at what cost?
 *
 * The study of `studies/shipped-models.ts`, measured anew, computed again from its own record without a
 * model, and written down with the seconds that it took.
 *
 * `npm run bench -- compare [--data DATA] [--out FOLDER] [--note TEXT]`; another data set than the samples
 * leaves the record alone.
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatRecord, writeRecord } from "grym-synth";
import { openReport, replayRun, runStudy } from "grym-synth/compare";
import { progress } from "grym-synth/display";
import { shippedModels } from "./studies/shipped-models.ts";
import { costRows, scoreRows, verdictRows } from "./studies/study-rows.ts";

const { values } = parseArgs({
  options: {
    data: { type: "string", default: "samples" },
    out: { type: "string" },
    note: { type: "string", multiple: true },
  },
});
const scratch = mkdtempSync(join(tmpdir(), "compare-"));
const study = await shippedModels(values.data);
const started = performance.now();
const { folder, results } = await runStudy(study, {
  out: values.out ?? scratch,
  fresh: true,
  onProgress: progress("study"),
});
const seconds = (performance.now() - started) / 1000;
const replay = await replayRun(folder);
const report = await openReport(folder);
const record = await writeRecord(
  "compare",
  {
    question: results.question,
    rows: [...scoreRows(results), ...verdictRows(results), ...costRows(results)],
    targets: [
      {
        name: "leaves that a replay gives otherwise",
        value: replay.differences.length,
        goal: 0,
        better: "lower",
      },
    ],
    notes: [
      ...report.sentences,
      `${results.data.clips} clips of ${results.data.sources} sources; shares, intervals of ${100 * results.level} % by source; the whole study took ${seconds.toFixed(0)} s.`,
      ...(values.note ?? []),
    ],
  },
  { folder: values.data === "samples" ? undefined : scratch },
);
console.log(formatRecord(record));
console.log(`run: ${folder}`);
if (!replay.identical) process.exitCode = 1;
