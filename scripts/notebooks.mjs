// npm run notebooks [-- --quick] [-- --write] [NAME …]: executes the notebooks headless, in full.
import { environment } from "./setup/environment.mjs";
import { passThrough } from "./setup/pass-through.mjs";
import { root, venvPython } from "./setup/paths.mjs";
import { setUpOrExit } from "./setup/set-up.mjs";
import { userSteps } from "./setup/steps.mjs";

await setUpOrExit(userSteps);
const args = ["scripts/notebooks.py", ...process.argv.slice(2)];
process.exitCode = await passThrough(venvPython, args, { cwd: root, env: environment() });
