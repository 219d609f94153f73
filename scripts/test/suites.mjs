// The suites of `npm test`, in order: quick checks first. `report` says where the counts come from.
import { join } from "node:path";
import { node24, root, venvPython } from "../setup/paths.mjs";

export const buildFolder = join(root, "build");
const bin = (name) => join(root, "node_modules", ".bin", name);
const report = (name) => join(buildFolder, name);

const vitest = (name, filters) => ({
  name,
  command: node24,
  args: [
    join(root, "node_modules", "vitest", "vitest.mjs"),
    "run",
    "--reporter=default",
    "--reporter=json",
    `--outputFile=${report(`${name}.json`)}`,
    ...filters,
  ],
  report: { kind: "vitest", file: report(`${name}.json`) },
});

const check = (name, command, args) => ({ name: `check: ${name}`, suite: "check", command, args });

export const suites = [
  check("biome", bin("biome"), ["check", "--error-on-warnings"]),
  check("tsc", bin("tsc"), ["-p", "."]),
  check("ruff", venvPython, ["-m", "ruff", "check"]),
  check("ruff format", venvPython, ["-m", "ruff", "format", "--check"]),
  check("pyright", node24, [join(root, "node_modules/pyright/index.js"), "-p", "python"]),
  check("protocol drift", node24, ["scripts/protocol.ts", "--check"]),
  vitest("sdk", ["sdk/test", "--exclude", "sdk/test/kernel/**"]),
  {
    name: "python",
    command: venvPython,
    args: [
      "-m",
      "pytest",
      "-q",
      "--durations=8",
      // Most tests use one core, and many wait for a process of theirs.
      "--numprocesses=3",
      "--dist=loadfile",
      "-c",
      "python/pyproject.toml",
      "--rootdir",
      "python",
      `--junitxml=${report("python.xml")}`,
      "python/tests",
    ],
    report: { kind: "junit", file: report("python.xml") },
  },
  vitest("kernel", ["sdk/test/kernel"]),
  vitest("start", ["scripts/test"]),
  {
    name: "notebooks",
    command: venvPython,
    args: ["scripts/notebooks.py", "--quick", `--junit=${report("notebooks.xml")}`],
    report: { kind: "junit", file: report("notebooks.xml") },
  },
];
