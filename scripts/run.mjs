// node scripts/run.mjs FILE.ts …: sets up if needed, then runs a TypeScript file in Node 24.
import { environment } from "./setup/environment.mjs";
import { passThrough } from "./setup/pass-through.mjs";
import { node24, root } from "./setup/paths.mjs";
import { setUpOrExit } from "./setup/set-up.mjs";
import { userSteps } from "./setup/steps.mjs";

await setUpOrExit(userSteps);
const [file, ...args] = process.argv.slice(2);
if (file === undefined) {
  console.error("usage: node scripts/run.mjs FILE.ts [arguments]");
  process.exit(2);
}
process.exitCode = await passThrough(node24, ["--import", "tsx", file, ...args], {
  cwd: root,
  env: environment(),
});
