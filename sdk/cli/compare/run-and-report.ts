import { join } from "node:path";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { openReport } from "../../compare/report/study-report.ts";
import { runStudy } from "../../compare/run-study.ts";
import type { OnEstimate } from "../../compare/study/estimate.ts";
import { readStudyFile } from "../../compare/study-file.ts";
import { progress } from "../../display/progress.ts";
import { askToGoOn } from "./ask-to-go-on.ts";
import type { CompareRequest } from "./compare-study.ts";
import { openDataset } from "./find-datasets.ts";
import { pairStudy } from "./pair-study.ts";

/** Not what `--require` asks for. */
const NOT_SHOWN = 3;

/** Runs a study, says what it found, and writes its report. */
export async function runAndReport(
  { study: asked, run: { out, fresh, require, yes, json } }: CompareRequest,
  controller: AbortController,
): Promise<number> {
  const { signal } = controller;
  // One process for the question what the models can do, and for the study: nothing is loaded twice.
  await using bridge = new GAMABridge({ transport: "spawn" });
  const study =
    typeof asked === "string"
      ? await readStudyFile(asked, { openDataset })
      : await pairStudy(asked, { openDataset, bridge, signal });
  using bar = progress(study.name);
  const onEstimate: OnEstimate = async (estimate) => {
    const { stdin, stderr } = process;
    const terminal = { input: stdin, output: stderr, canAsk: stdin.isTTY && stderr.isTTY };
    if (!(await askToGoOn(estimate, { ...terminal, yes, signal }))) controller.abort();
  };
  const run = await runStudy(study, { out, fresh, bridge, signal, onProgress: bar, onEstimate });
  bar.end();
  const opened = await openReport(run.folder, { audioFolder: study.data.folder });
  const report = await opened.write(join(run.folder, "report.html"));
  const { folder, studyId, state, results } = run;
  if (json) console.log(JSON.stringify({ folder, studyId, state, report, results }, null, 2));
  else {
    console.log(opened.summary);
    console.log(`\nrecord: ${folder}${state === "sealed" ? " (sealed before)" : ""}`);
    console.log(`report: ${report}`);
  }
  if (require === undefined) return 0;
  const verdict = results.verdicts.find(({ family }) => family === "primary");
  return verdict?.supports.includes(require) ? 0 : NOT_SHOWN;
}
