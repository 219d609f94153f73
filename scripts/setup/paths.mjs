// Where things stand in a clone. Plain JavaScript without dependencies: Node 20 runs it first.
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Root folder of this clone, without a trailing slash. */
export const root = fileURLToPath(new URL("../..", import.meta.url)).replace(/\/$/, "");

export const nodeModules = join(root, "node_modules");
/** Node 24, brought by npm's `node` package. */
export const node24 = join(nodeModules, "node", "bin", "node");
export const venv = join(root, ".venv");
export const venvPython = join(venv, "bin", "python");
/** Stamps of finished steps and logs of the last run; goes with the `.venv`. */
export const stateFolder = join(venv, "var", "grym-synth");
/** Everything that JupyterLab writes; nothing goes to the user's home. */
export const jupyterFolder = join(venv, "var", "jupyter");
