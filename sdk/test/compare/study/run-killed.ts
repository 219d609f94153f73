/** A process that runs the study, and says on stdout before each chunk that it hears: for tests that kill it. */
import { runStudy } from "../../../compare/run-study.ts";
import { makeStudy } from "./make-study.ts";

await runStudy(await makeStudy(), {
  out: process.argv[2] ?? "",
  onProgress: ({ stage, message }) => {
    if (stage === "hear") process.stdout.write(`${message}\n`);
  },
});
