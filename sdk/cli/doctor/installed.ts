import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { userDataFolder } from "../kernel.ts";
import { inspectKernel, type KernelState, ROOT } from "../kernel-spec.mjs";
import { type Finding, writeBytes } from "./finding.ts";

const SHIPPED = ["gama-tiny", "wav2vec2-tiny"];

/** The kernel spec in the repository's environment, and in the user's own Jupyter if it is there. */
export function kernelFindings(): Finding[] {
  const own = inspectKernel(join(ROOT, ".venv", "share", "jupyter"));
  const user = inspectKernel(userDataFolder());
  return [
    describeKernel("kernel", own, "missing", "npm run setup"),
    ...(user.state === "missing"
      ? []
      : [describeKernel("kernel (user)", user, "note", "grym-synth kernel install --user")]),
  ];
}

function describeKernel(
  name: string,
  { state, folder, root, runs }: KernelState,
  otherwise: "missing" | "note",
  remedy: string,
): Finding {
  if (state === "current" && runs) return { state: "ok", name, text: folder };
  const problems = {
    current: `${folder} names a Node or a kernel that is not there`,
    missing: `not installed in ${folder}`,
    outdated: `${folder} was written by an older version`,
    other: `${folder} starts the clone at ${root ?? "an unknown place"}${runs ? "" : ", which has moved or is gone"}`,
  };
  return { state: otherwise, name, text: problems[state], remedy };
}

/** The models that the repository ships, with size and revision. */
export function modelFindings(): Finding[] {
  const weights = join(ROOT, "python", "weights");
  const present = existsSync(weights) ? readdirSync(weights) : [];
  const names = [...new Set([...SHIPPED, ...present])];
  return names
    .filter((name) => SHIPPED.includes(name) || existsSync(join(weights, name, "config.json")))
    .map((name) => describeModel(name, join(weights, name)));
}

function describeModel(name: string, folder: string): Finding {
  const config = join(folder, "config.json");
  const files = existsSync(folder)
    ? readdirSync(folder).filter((file) => file.endsWith(".safetensors"))
    : [];
  if (!existsSync(config) || files.length === 0) {
    const remedy = "clone the repository again: it ships with it";
    return { state: "missing", name, text: `no model in ${folder}`, remedy };
  }
  const stated = readRevision(config);
  if (stated === undefined) {
    const remedy = "restore it: git checkout -- python/weights";
    return { state: "missing", name, text: `${config} is not a JSON object`, remedy };
  }
  const paths = files.sort().map((file) => join(folder, file));
  const size = paths.reduce((sum, path) => sum + statSync(path).size, 0);
  return {
    state: "ok",
    name,
    text: `${writeBytes(size)}, revision ${stated.revision ?? hashFiles(paths)}`,
  };
}

/** What the config says of its revision; undefined when it cannot be read as an object. */
function readRevision(config: string): { revision?: unknown } | undefined {
  try {
    const read: unknown = JSON.parse(readFileSync(config, "utf8"));
    return typeof read === "object" && read !== null ? read : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** As `registry.py` names weights that state no revision: 12 hex digits of their SHA-256. */
function hashFiles(paths: readonly string[]): string {
  const hash = createHash("sha256");
  for (const path of paths) hash.update(readFileSync(path));
  return hash.digest("hex").slice(0, 12);
}
