// The environment in which our commands run: Node 24 and the .venv first, Jupyter's files inside the clone.
import { delimiter, dirname, join } from "node:path";
import { jupyterFolder, node24, nodeModules, venv } from "./paths.mjs";

/** @returns {NodeJS.ProcessEnv} */
export function environment(extra = {}) {
  const path = [
    dirname(node24),
    join(nodeModules, ".bin"),
    join(venv, "bin"),
    process.env.PATH ?? "",
  ];
  return {
    ...process.env,
    PATH: path.join(delimiter),
    // Nothing is written outside the clone and the cache folder.
    JUPYTER_CONFIG_DIR: join(jupyterFolder, "config"),
    JUPYTER_DATA_DIR: join(jupyterFolder, "data"),
    JUPYTER_RUNTIME_DIR: join(jupyterFolder, "runtime"),
    JUPYTERLAB_SETTINGS_DIR: join(jupyterFolder, "lab", "settings"),
    JUPYTERLAB_WORKSPACES_DIR: join(jupyterFolder, "lab", "workspaces"),
    IPYTHONDIR: join(jupyterFolder, "ipython"),
    ...extra,
  };
}
