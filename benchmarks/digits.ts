/**
 * Do the shipped models hear real speech? The Free Spoken Digit Dataset, a folder that you have.
 *
 * - digits, the source is the speaker: with fewer than ten speakers no interval may be given, and the
 *   report has to say so;
 * - speakers, the source is the recording.
 *
 * `GRYM_DATA_FSDD=FOLDER npm run bench -- digits [--out FOLDER] [--note TEXT]`
 */
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { formatRecord, writeRecord } from "grym-synth";
import { openReport, replayRun, runStudy } from "grym-synth/compare";
import { progress } from "grym-synth/display";
import { digits } from "./studies/digits.ts";
import { scoreRows, verdictRows } from "./studies/study-rows.ts";

const { values } = parseArgs({
  options: { out: { type: "string" }, note: { type: "string", multiple: true } },
});
const data = process.env["GRYM_DATA_FSDD"];
if (data === undefined) throw new Error("Set GRYM_DATA_FSDD to the folder of the data set");
const out = values.out ?? mkdtempSync(join(tmpdir(), "digits-"));
const found = [];
for (const task of ["digits", "speakers"] as const) {
  const study = await digits(data, task);
  const run = await runStudy(study, { out, fresh: true, cache: false, onProgress: progress(task) });
  const replay = await replayRun(run.folder);
  found.push({ ...run, replay, report: await openReport(run.folder) });
}
const record = await writeRecord("digits", {
  question: "Do the shipped models tell real spoken digits, and voices, apart?",
  rows: found.flatMap(({ results }) => [...scoreRows(results), ...verdictRows(results)]),
  targets: found.flatMap(({ results, replay }) => {
    const few = results.data.sources < 10;
    const given = results.verdicts.filter(({ interval }) => interval !== null).length;
    const name = `${results.name} (${results.data.sources} sources): differences`;
    return [
      few
        ? { name: `${name} with an interval`, value: given, goal: 0, better: "lower" as const }
        : { name: `${name} with an interval`, value: given, goal: 1, better: "higher" as const },
      {
        name: `${results.name}: leaves that a replay gives otherwise`,
        value: replay.differences.length,
        goal: 0,
        better: "lower" as const,
      },
    ];
  }),
  notes: [...found.flatMap(({ report }) => report.sentences), ...(values.note ?? [])],
});
console.log(formatRecord(record));
for (const { folder } of found) console.log(`run: ${folder}`);
