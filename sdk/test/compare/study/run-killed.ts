/**
 * A process that runs a study, and says on stdout before each chunk that it hears and each block that it times:
 * for tests that kill it. `run-killed.ts FOLDER [cost]`
 */
import { runStudy } from "../../../compare/run-study.ts";
import { makeCostStudy, makeStudy } from "./make-study.ts";

const [out = "", which] = process.argv.slice(2);
await runStudy(which === "cost" ? await makeCostStudy() : await makeStudy(), {
  out,
  onProgress: ({ stage, message }) => {
    if (stage === "hear" || stage === "cost") process.stdout.write(`${message}\n`);
  },
});
