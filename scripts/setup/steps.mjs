// The steps of the set-up, in order. A step knows whether it is done; doing it twice does no harm.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { inspectKernel, installKernel } from "../../sdk/cli/kernel-spec.mjs";
import { run } from "./command.mjs";
import { debianPackages } from "./debian-packages.mjs";
import { declarations } from "./declarations.mjs";
import { findBasePython } from "./find-base-python.mjs";
import {
  jupyterFolder,
  node24,
  nodeModules,
  root,
  stateFolder,
  venv,
  venvPython,
} from "./paths.mjs";
import { fingerprint, isStamped, stamp } from "./stamp.mjs";
import { tslabKernel, tslabPackages } from "./tslab.mjs";

const again = "Run the same command again: finished steps are kept.";

// `overrides` in package.json puts an empty package in the place of `@huggingface/transformers` and
// `openai`: LanceDB lists them for its own embedding functions, and they bring ONNX Runtime twice,
// sharp and an HTTP client. Models run in Python; nothing of ours loads them.
const nodePackages = {
  name: "Node packages and Node 24",
  size: "about 650 MB",
  stampFile: join(nodeModules, ".grym-synth-setup"),
  value: () => fingerprint([join(root, "package-lock.json")]),
  isDone() {
    return existsSync(node24) && isStamped(this.stampFile, this.value());
  },
  async run() {
    const options = {
      log: "npm",
      cwd: root,
      help: `npm could not install. Is a registry reachable? ${again}`,
    };
    // `--no-save`: a user's clone stays clean, the lock file is read and not rewritten.
    await run("npm", ["install", "--no-save", "--no-audit", "--no-fund"], options);
    if (!existsSync(node24)) {
      // npm 11 blocks install scripts; this one only fetches the binary package of the platform.
      const installer = join(nodeModules, "node", "installArchSpecificPackage.js");
      await run(process.execPath, [installer], {
        ...options,
        log: "node24",
        cwd: join(nodeModules, "node"),
      });
    }
    stamp(this.stampFile, this.value());
  },
};

const virtualEnvironment = {
  name: "Python environment .venv",
  size: "about 15 MB",
  isDone: () => existsSync(join(venv, "pyvenv.cfg")) && existsSync(venvPython),
  async run() {
    const python = findBasePython();
    const help = `Python could not make ${venv}. Remove that folder, then: npm run setup`;
    await run(python, ["-m", "venv", "--clear", venv], { log: "venv", help });
  },
};

const ownPythonPackages = {
  name: "Our Python packages in .venv",
  size: "4 kB",
  installer: join(root, "python", "install.py"),
  stampFile: join(stateFolder, "own-packages"),
  value() {
    return fingerprint([this.installer, join(root, "python", "pyproject.toml")]);
  },
  isDone() {
    return isStamped(this.stampFile, this.value());
  },
  async run() {
    const help = `${this.installer} could not write into .venv. Remove that folder, then: npm run setup`;
    await run(venvPython, [this.installer], { log: "own-packages", cwd: root, help });
    stamp(this.stampFile, this.value());
  },
};

function pythonPackages(name, size, lockFile) {
  const file = join(root, "python", lockFile);
  const stampFile = join(stateFolder, lockFile);
  return {
    name,
    size,
    isDone: () => isStamped(stampFile, fingerprint([file])),
    async run() {
      const help = `pip could not install ${lockFile}. Is an index reachable? ${again}`;
      const args = ["-m", "pip", "install", "--disable-pip-version-check", "-r", file];
      await run(venvPython, args, { log: "pip", cwd: root, help });
      stamp(stampFile, fingerprint([file]));
    },
  };
}

const announcements = "@jupyterlab/apputils-extension:announcements";
const jupyterSettings = {
  name: "JupyterLab settings of this clone",
  size: "1 kB",
  file: join(venv, "etc", "jupyter", "labconfig", "page_config.json"),
  // JupyterLab starts CommonJS files of its own; without this they would be modules, as ours are, and fail.
  scope: join(venv, "package.json"),
  isDone() {
    if (!existsSync(this.scope)) return false;
    // JupyterLab writes the file anew in its own form: what it says counts, not its bytes.
    if (!existsSync(this.file)) return false;
    return JSON.parse(readFileSync(this.file, "utf8")).disabledExtensions?.[announcements] === true;
  },
  async run() {
    // IPython warns when the folder above its own is missing.
    mkdirSync(jupyterFolder, { recursive: true });
    mkdirSync(dirname(this.file), { recursive: true });
    // The announcements plugin asks the network on every start; offline is a first-class state.
    const settings = { disabledExtensions: { [announcements]: true } };
    writeFileSync(this.file, `${JSON.stringify(settings)}\n`);
    writeFileSync(this.scope, `${JSON.stringify({ type: "commonjs" })}\n`);
  },
};

const jupyterData = join(venv, "share", "jupyter");
const kernel = {
  name: "Jupyter kernel TypeScript (grym-synth)",
  size: "20 kB",
  // Not current in a moved clone either: the specification holds absolute paths.
  isDone: () => inspectKernel(jupyterData).state === "current",
  async run() {
    installKernel(jupyterData);
  },
};

export const userSteps = [
  nodePackages,
  virtualEnvironment,
  ownPythonPackages,
  pythonPackages(
    "Python packages (torch, transformers, JupyterLab …)",
    "about 1.8 GB",
    "requirements.lock",
  ),
  jupyterSettings,
  kernel,
  declarations,
  tslabPackages,
  tslabKernel,
];

/** What `npm test` needs besides. */
export const testSteps = [
  ...userSteps,
  pythonPackages("Python packages for tests", "about 40 MB", "requirements-dev.lock"),
  debianPackages,
];
