// The kernel tslab beside ours, from a lock file of its own; its kernel is known to our Jupyter only.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./command.mjs";
import { node24, root, venv } from "./paths.mjs";
import { fingerprint, isStamped, stamp } from "./stamp.mjs";

const folder = join(root, "tslab");
const stampFile = join(folder, "node_modules", ".grym-synth-setup");
const value = () => fingerprint([join(folder, "package-lock.json")]);

export const tslabPackages = {
  name: "tslab, the other TypeScript kernel",
  size: "about 90 MB",
  isDone: () => isStamped(stampFile, value()),
  async run() {
    // zeromq brings its binary in the package: it works without its install script, which npm 11 blocks.
    const args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
    const help =
      "npm could not install tslab. Is a registry reachable? Run the same command again.";
    await run("npm", args, { log: "tslab", cwd: folder, help });
    stamp(stampFile, value());
  },
};

const spec = {
  argv: [
    node24,
    join(folder, "node_modules", "tslab", "bin", "tslab"),
    "kernel",
    "--config-path={connection_file}",
  ],
  display_name: "TypeScript (tslab)",
  language: "typescript",
};

export const tslabKernel = {
  name: "Jupyter kernel TypeScript (tslab)",
  size: "1 kB",
  file: join(venv, "share", "jupyter", "kernels", "tslab", "kernel.json"),
  text: `${JSON.stringify(spec, null, 2)}\n`,
  isDone() {
    return existsSync(this.file) && readFileSync(this.file, "utf8") === this.text;
  },
  async run() {
    mkdirSync(join(this.file, ".."), { recursive: true });
    writeFileSync(this.file, this.text);
  },
};
