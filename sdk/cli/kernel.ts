import { homedir, platform } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { installKernel, kernelSpec, ROOT, uninstallKernel } from "./kernel-spec.mjs";
import { UsageError } from "./usage-error.ts";

interface Target {
  user?: boolean | undefined;
  "sys-prefix"?: boolean | undefined;
  prefix?: string | undefined;
}

/** `grym-synth kernel install | uninstall | spec`. */
export async function runKernel(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      user: { type: "boolean" },
      "sys-prefix": { type: "boolean" },
      prefix: { type: "string" },
    },
  });
  const [verb, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`unexpected "${rest.join(" ")}"`);
  if (verb === "spec") {
    console.log(JSON.stringify(kernelSpec(), null, 2));
    return 0;
  }
  if (verb !== "install" && verb !== "uninstall") {
    throw new UsageError(`expected install, uninstall or spec, got ${verb ?? "nothing"}`);
  }
  const folder = targetFolder(values);
  console.log(verb === "install" ? install(folder) : uninstall(folder));
  return 0;
}

function install(dataFolder: string): string {
  const { folder, changed } = installKernel(dataFolder);
  return changed ? `Installed the kernel in ${folder}` : `The kernel in ${folder} is up to date`;
}

function uninstall(dataFolder: string): string {
  const { folder, changed } = uninstallKernel(dataFolder);
  return changed ? `Removed ${folder}` : `There is no kernel in ${folder}`;
}

/** The Jupyter data folder that the options name; exactly one of them has to. */
function targetFolder(target: Target): string {
  const { user = false, "sys-prefix": sysPrefix = false, prefix } = target;
  const named = [user, sysPrefix, prefix !== undefined].filter(Boolean).length;
  if (named !== 1) throw new UsageError("name one of --user, --sys-prefix and --prefix DIR");
  if (user) return userDataFolder();
  return join(prefix === undefined ? environmentPrefix() : resolve(prefix), "share", "jupyter");
}

/** The active Python environment; without one the `.venv` of this clone. */
function environmentPrefix(): string {
  const { VIRTUAL_ENV, CONDA_PREFIX } = process.env;
  return VIRTUAL_ENV || CONDA_PREFIX || join(ROOT, ".venv");
}

/**
 * Where Jupyter looks for what a user installed.
 * See `jupyter_data_dir` in jupyter_core/paths.py.
 */
export function userDataFolder(environment: NodeJS.ProcessEnv = process.env): string {
  const { JUPYTER_DATA_DIR, XDG_DATA_HOME } = environment;
  if (JUPYTER_DATA_DIR) return resolve(JUPYTER_DATA_DIR);
  if (platform() === "darwin") return join(homedir(), "Library", "Jupyter");
  return join(XDG_DATA_HOME || join(homedir(), ".local", "share"), "jupyter");
}
