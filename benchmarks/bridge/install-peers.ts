/** Brings what the benchmark is measured against into build/peers; users never get it. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { findPython } from "grym-synth";
import { PEERS } from "./line-client.ts";

const BUILD = join(import.meta.dirname, "..", "..", "build", "peers");
const PATIENCE_MS = 300_000;

/** A Python with FastAPI. @throws Error pip could not install it */
export async function installPythonPeers(): Promise<string> {
  const folder = join(BUILD, "python");
  const python = join(folder, "bin", "python");
  await once("python", ["requirements.txt"], async () => {
    await run(findPython(), ["-m", "venv", "--clear", folder]);
    const list = join(PEERS, "requirements.txt");
    await run(python, ["-m", "pip", "install", "--disable-pip-version-check", "-q", "-r", list]);
  });
  return python;
}

/**
 * A folder with pythonia (`node`), or with the kernels beside which ours is measured (`kernels`).
 *
 * @throws Error npm could not install it
 */
export async function installNodePeers(kind: "node" | "kernels" = "node"): Promise<string> {
  const folder = join(BUILD, kind);
  const from = kind === "node" ? "" : kind;
  const manifests = ["package.json", "package-lock.json"].map((name) => join(from, name));
  await once(kind, manifests, async () => {
    mkdirSync(folder, { recursive: true });
    for (const name of manifests) copyFileSync(join(PEERS, name), join(folder, basename(name)));
    await run("npm", ["ci", "--no-audit", "--no-fund"], folder);
  });
  return folder;
}

/** Does it where it was not done from the same files; a stamp says so only after it was done. */
async function once(kind: string, files: readonly string[], install: () => Promise<void>) {
  const hash = createHash("sha256");
  for (const file of files) hash.update(readFileSync(join(PEERS, file)));
  const digest = hash.digest("hex");
  const stamp = join(BUILD, `${kind}.sha256`);
  if (existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return;
  mkdirSync(BUILD, { recursive: true });
  console.error(`Installing ${files[0]} of benchmarks/peers into build/peers/${kind} …`);
  await install();
  writeFileSync(stamp, digest);
}

async function run(command: string, args: readonly string[], cwd?: string): Promise<void> {
  await promisify(execFile)(command, args, { cwd, timeout: PATIENCE_MS });
}
