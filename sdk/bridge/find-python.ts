import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ProcessStartError } from "../errors.ts";

/** Oldest Python that the package runs on. */
const MINIMUM_PYTHON = [3, 11] as const;
const SETUP = "Run `npm run setup`, or set GRYM_PYTHON to a Python that has `gama_operations`.";
const REPOSITORY = join(import.meta.dirname, "..", "..");

/**
 * The Python that runs `gama_operations`: `GRYM_PYTHON`, else the repository's `.venv`, else the
 * active `VIRTUAL_ENV`. The first that is set is used; a wrong one is an error, never skipped.
 *
 * @throws ProcessStartError nothing is set, or what is set does not exist
 */
export function findPython(
  env: NodeJS.ProcessEnv = process.env,
  repository: string = REPOSITORY,
): string {
  const named = env["GRYM_PYTHON"];
  if (named) {
    // A bare name is looked up in PATH by spawn.
    if (!named.includes("/") || existsSync(named)) return named;
    throw new ProcessStartError(named, `GRYM_PYTHON names a file that does not exist. ${SETUP}`);
  }
  const own = join(repository, ".venv", "bin", "python");
  if (existsSync(own)) return own;
  const active = env["VIRTUAL_ENV"];
  if (active) {
    const python = join(active, "bin", "python");
    if (existsSync(python)) return python;
    throw new ProcessStartError(python, `VIRTUAL_ENV names a folder without Python. ${SETUP}`);
  }
  throw new ProcessStartError(own, `the environment has not been made yet. ${SETUP}`);
}

const PROBE = `
import importlib.util, json, sys
found = importlib.util.find_spec("gama_operations") is not None
print(json.dumps({"version": list(sys.version_info[:3]), "found": found}))
`;

/** Asks a Python that did not get ready what is wrong with it; the answer ends in what to do. */
export async function diagnosePython(python: string): Promise<string> {
  const failure = `it ended before it was ready. ${SETUP}`;
  try {
    const { stdout } = await promisify(execFile)(python, ["-c", PROBE], { timeout: 10_000 });
    const { version, found } = JSON.parse(stdout) as { version: number[]; found: boolean };
    const [major = 0, minor = 0] = version;
    if (major < MINIMUM_PYTHON[0] || (major === MINIMUM_PYTHON[0] && minor < MINIMUM_PYTHON[1])) {
      return `it is Python ${version.join(".")}; 3.11 or newer is needed. ${SETUP}`;
    }
    return found ? failure : `it has no package \`gama_operations\`. ${SETUP}`;
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    if (code === "ENOENT") return `there is no such program. ${SETUP}`;
    if (code === "EACCES") return `it may not be executed. ${SETUP}`;
    return failure;
  }
}
