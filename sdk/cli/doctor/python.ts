import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { findPython } from "../../bridge/find-python.ts";
import { ROOT } from "../kernel-spec.mjs";
import type { Finding } from "./finding.ts";

const SETUP = "npm run setup";
const NEEDED = ["torch", "transformers", "numpy", "scipy", "soundfile", "jupyterlab"];
/** torch alone takes seconds to import, more on a cold disk. */
const TIMEOUT_MS = 120_000;

const PROBE = `
import json, sys
from importlib import metadata, util
def version(name):
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None
facts = {
    "python": ".".join(map(str, sys.version_info[:3])),
    "executable": sys.executable,
    "package": util.find_spec("gama_operations") is not None,
    "versions": {name: version(name) for name in sys.argv[1:]},
    "cuda": [],
}
if facts["versions"]["torch"]:
    import torch
    facts["threads"] = torch.get_num_threads()
    facts["cuda"] = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
print(json.dumps(facts))
`;

interface Facts {
  python: string;
  executable: string;
  /** Whether `gama_operations` can be imported. */
  package: boolean;
  versions: Record<string, string | null>;
  cuda: string[];
  threads?: number;
}

/** The Python that the SDK would start, why that one, its packages, and the device. */
export async function pythonFindings(): Promise<Finding[]> {
  try {
    const path = findPython();
    const { stdout } = await promisify(execFile)(path, ["-c", PROBE, ...NEEDED], {
      timeout: TIMEOUT_MS,
    });
    return report(path, JSON.parse(stdout) as Facts); // what PROBE prints
  } catch (error) {
    return [{ state: "missing", name: "python", text: whyItFailed(error), remedy: SETUP }];
  }
}

/** In one line: Python's own last words where it has any, since the command says nothing. */
function whyItFailed(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const words = "stderr" in error && typeof error.stderr === "string" ? error.stderr.trim() : "";
  const [command = ""] = error.message.split("\n");
  return words === "" ? command : `${words.split("\n").at(-1)} (${command.trim()} …)`;
}

function report(path: string, facts: Facts): Finding[] {
  const packages = NEEDED.map((name): Finding => {
    const version = facts.versions[name];
    if (version) return { state: "ok", name, text: version };
    return { state: "missing", name, text: "not installed", remedy: SETUP };
  });
  const own: Finding = facts.package
    ? { state: "ok", name: "gama_operations", text: "found" }
    : { state: "missing", name: "gama_operations", text: "not installed", remedy: SETUP };
  const text = `${facts.python} (${path}, ${whyThisPython(path)})`;
  const python: Finding = isRecentPython(facts.python)
    ? { state: "ok", name: "python", text }
    : { state: "missing", name: "python", text: `${text}: 3.11 or newer is needed`, remedy: SETUP };
  return [python, own, ...packages, { state: "ok", name: "device", text: describeDevice(facts) }];
}

function isRecentPython(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major > 3 || (major === 3 && minor >= 11);
}

function whyThisPython(path: string): string {
  if (process.env["GRYM_PYTHON"]) return "from GRYM_PYTHON";
  if (path.startsWith(join(ROOT, ".venv"))) return "the repository's .venv";
  return "from VIRTUAL_ENV";
}

function describeDevice({ cuda, threads }: Facts): string {
  const chosen = process.env["GRYM_DEVICE"] || process.env["GAMA_DEVICE"];
  const found = cuda.length === 0 ? "no CUDA device" : `CUDA: ${cuda.join(", ")}`;
  const used = chosen || (cuda.length > 0 ? "cuda" : "cpu");
  const why = chosen ? " (from the environment)" : "";
  return `${used}${why}; ${found}${threads === undefined ? "" : `; ${threads} torch threads`}`;
}
