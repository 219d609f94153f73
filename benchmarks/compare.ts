/**
 * Is gama-tiny better than wav2vec2-tiny on the shipped samples, by how much, and at what cost?
 *
 * The study of `studies/gama-wav2vec2.ts`, measured anew, computed again from its own record without a
 * model, and written down with the seconds that it took.
 *
 * `npm run bench -- compare [--out FOLDER] [--note TEXT]`
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatRecord, writeRecord } from "grym-synth";
import { openReport, replayRun, runStudy } from "grym-synth/compare";
import { progress } from "grym-synth/display";
import shippedModels from "./studies/gama-wav2vec2.ts";
import { costRows, scoreRows, verdictRows } from "./studies/study-rows.ts";

const { values } = parseArgs({
  options: {
    out: { type: "string" },
    note: { type: "string", multiple: true },
  },
});
const study = await shippedModels();
const started = performance.now();
const { folder, results } = await runStudy(study, {
  out: values.out ?? mkdtempSync(join(tmpdir(), "compare-")),
  fresh: true,
  cache: false,
  onProgress: progress("study"),
});
const seconds = (performance.now() - started) / 1000;
const replay = await replayRun(folder);
const report = await openReport(folder);
const record = await writeRecord("compare", {
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
});
console.log(formatRecord(record));
console.log(`run: ${folder}`);
if (!replay.identical) process.exitCode = 1;
