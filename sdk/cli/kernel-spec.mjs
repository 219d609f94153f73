// Plain JavaScript without dependencies: set-up runs it on Node 20, before anything is installed.
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/**
 * The content of a kernel.json.
 *
 * @typedef {object} KernelSpec
 * @property {string[]} argv
 * @property {string} display_name
 * @property {string} language
 * @property {"message"} interrupt_mode
 * @property {{ debugger: boolean, "grym-synth": { root: string, version: string } }} metadata
 */

/**
 * What stands in a Jupyter data folder: nothing, this clone's spec, this clone's spec in an older
 * form, or the spec of a clone that lies elsewhere, or has since been moved or removed.
 *
 * @typedef {object} KernelState
 * @property {"missing" | "current" | "outdated" | "other"} state
 * @property {string} folder
 * @property {string | undefined} root the clone that an installed spec starts
 * @property {boolean} runs whether the node and the kernel that the spec names exist
 */

export const KERNEL_NAME = "grym-synth";
export const DISPLAY_NAME = "TypeScript (grym-synth)";

const HERE = dirname(fileURLToPath(import.meta.url));
const LOGOS = ["logo-32x32.png", "logo-64x64.png", "logo-svg.svg"];

/** The clone that this file belongs to. */
export const ROOT = dirname(dirname(HERE));

/** The Node 24 that set-up brings into a clone. */
export function repositoryNode(root = ROOT) {
  return join(root, "node_modules", "node", "bin", "node");
}

/**
 * The kernel spec of a clone. All paths are absolute: Jupyter starts kernels in any folder.
 *
 * @param {string} [root]
 * @param {string} [nodePath]
 * @returns {KernelSpec}
 */
export function kernelSpec(root = ROOT, nodePath = repositoryNode(root)) {
  return {
    argv: [
      nodePath,
      // Without it an interrupt inside a timer's callback aborts the process.
      "--no-force-async-hooks-checks",
      "--disable-warning=ExperimentalWarning", // of vm.USE_MAIN_CONTEXT_DEFAULT_LOADER, at the first import
      join(root, "sdk", "kernel", "boot.mjs"),
      "{connection_file}",
    ],
    display_name: DISPLAY_NAME,
    language: "typescript",
    interrupt_mode: "message",
    // JupyterLab offers its debugger by this, before it has asked the kernel.
    metadata: { debugger: true, "grym-synth": { root, version: sdkVersion(root) } },
  };
}

/**
 * Writes the kernel spec and its logos into a Jupyter data folder, if they are not there already.
 *
 * @param {string} dataFolder `.venv/share/jupyter`, `~/.local/share/jupyter`, …
 * @param {string} [root]
 * @param {string} [nodePath]
 * @returns {{ folder: string, changed: boolean }}
 */
export function installKernel(dataFolder, root = ROOT, nodePath = repositoryNode(root)) {
  const folder = kernelFolder(dataFolder);
  const file = join(folder, "kernel.json");
  const text = `${JSON.stringify(kernelSpec(root, nodePath), null, 2)}\n`;
  const complete = LOGOS.every((logo) => existsSync(join(folder, logo)));
  if (complete && existsSync(file) && readFileSync(file, "utf8") === text) {
    return { folder, changed: false };
  }
  mkdirSync(folder, { recursive: true });
  for (const logo of LOGOS) copyFileSync(join(HERE, "logo", logo), join(folder, logo));
  // Renamed into place, so that Jupyter never reads half a spec.
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  return { folder, changed: true };
}

/**
 * Removes the kernel spec from a Jupyter data folder.
 *
 * @param {string} dataFolder
 * @returns {{ folder: string, changed: boolean }}
 */
export function uninstallKernel(dataFolder) {
  const folder = kernelFolder(dataFolder);
  const changed = existsSync(folder);
  rmSync(folder, { recursive: true, force: true });
  return { folder, changed };
}

/**
 * Looks at what is installed in a Jupyter data folder.
 *
 * @param {string} dataFolder
 * @param {string} [root]
 * @param {string} [nodePath]
 * @returns {KernelState}
 */
export function inspectKernel(dataFolder, root = ROOT, nodePath = repositoryNode(root)) {
  const folder = kernelFolder(dataFolder);
  const file = join(folder, "kernel.json");
  if (!existsSync(file)) return { state: "missing", folder, root: undefined, runs: false };
  const text = readFileSync(file, "utf8");
  const spec = readSpec(text);
  const installed = spec?.metadata?.["grym-synth"]?.root;
  const [node, main] = [spec?.argv?.[0], spec?.argv?.[3]];
  const runs = node !== undefined && main !== undefined && existsSync(node) && existsSync(main);
  const current = text === `${JSON.stringify(kernelSpec(root, nodePath), null, 2)}\n`;
  const state = current ? "current" : installed === root ? "outdated" : "other";
  return { state, folder, root: installed, runs };
}

/** @param {string} dataFolder */
function kernelFolder(dataFolder) {
  return join(dataFolder, "kernels", KERNEL_NAME);
}

/**
 * @param {string} text
 * @returns {Partial<KernelSpec> | undefined} undefined for a file that is not JSON
 */
function readSpec(text) {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** @param {string} root */
function sdkVersion(root) {
  return JSON.parse(readFileSync(join(root, "sdk", "package.json"), "utf8")).version;
}
