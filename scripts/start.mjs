// npm start [-- --no-browser …]: sets up if needed, then JupyterLab on notebooks/.
import { join } from "node:path";
import { environment } from "./setup/environment.mjs";
import { passThrough } from "./setup/pass-through.mjs";
import { root, venvPython } from "./setup/paths.mjs";
import { setUpOrExit } from "./setup/set-up.mjs";
import { userSteps } from "./setup/steps.mjs";

await setUpOrExit(userSteps);
const args = [
  "-m",
  "jupyterlab",
  `--ServerApp.root_dir=${root}`,
  `--FileContentsManager.preferred_dir=${join(root, "notebooks")}`,
  // The address is told at any level.
  "--log-level=WARN",
  "--LabApp.default_url=/lab/tree/notebooks/01-first-comparison.ipynb",
  // JupyterLab refuses to start as root without it; containers often are.
  ...(process.getuid?.() === 0 ? ["--allow-root"] : []),
  ...process.argv.slice(2),
];
console.error("JupyterLab starts; its address is printed below. Ctrl-C twice ends it.");
process.exitCode = await passThrough(venvPython, args, { cwd: root, env: environment() });
