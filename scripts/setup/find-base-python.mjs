// The Python that makes the `.venv`: 3.11 or newer, with venv and pip.
import { spawnSync } from "node:child_process";
import { SetupError } from "./command.mjs";

const help =
  "Install Python 3.11 or newer with venv (Debian and Ubuntu: apt-get install python3 python3-venv),\n" +
  "or name one: GRYM_BASE_PYTHON=/path/to/python3.11 npm run setup";

function version(python) {
  const probe = "import sys, venv, ensurepip; print('%d.%d' % sys.version_info[:2])";
  const { status, stdout } = spawnSync(python, ["-c", probe], { encoding: "utf8" });
  if (status !== 0) return undefined;
  const [major, minor] = stdout.trim().split(".").map(Number);
  return { major, minor };
}

/** @returns {string} a Python command; throws a SetupError that says what to install. */
export function findBasePython() {
  const named = process.env.GRYM_BASE_PYTHON;
  const candidates = named ? [named] : ["python3.11", "python3.12", "python3.13", "python3"];
  for (const python of candidates) {
    const found = version(python);
    if (found && (found.major > 3 || (found.major === 3 && found.minor >= 11))) return python;
  }
  throw new SetupError(
    `No Python 3.11 or newer with venv and pip among: ${candidates.join(", ")}`,
    help,
  );
}
