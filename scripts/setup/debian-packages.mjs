// Debian packages that tests need: a browser for pictures, and what the rendering of sounds plays with.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { run, SetupError } from "./command.mjs";

const packages = ["chromium", "espeak-ng", "libfluidsynth3", "fluid-soundfont-gm"];

function missing() {
  return packages.filter((name) => {
    // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own form
    const { stdout } = spawnSync("dpkg-query", ["-W", "-f=${db:Status-Status}", name]);
    return String(stdout) !== "installed";
  });
}

/** Why they cannot be installed here, or nothing. */
function obstacle() {
  if (!existsSync("/usr/bin/apt-get")) return "this is no Debian";
  if (process.getuid?.() !== 0) return "that needs root";
}

/** Never fails a test run: where the packages cannot be had, the tests that need them are skipped. */
export const debianPackages = {
  name: `Debian packages for tests: ${packages.join(", ")}`,
  size: "about 700 MB",
  isDone: () => missing().length === 0 || obstacle() !== undefined,
  async run() {
    const options = {
      log: "apt",
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
      help: "The tests that need these packages are skipped.",
    };
    try {
      await run("apt-get", ["update", "-qq"], options);
      await run(
        "apt-get",
        ["install", "-y", "-qq", "--no-install-recommends", ...missing()],
        options,
      );
    } catch (error) {
      if (!(error instanceof SetupError)) throw error;
      process.stderr.write(`not installed: ${error.message}\n${error.help}\n`);
    }
  },
};

/** One line for a run that goes on without them; undefined when nothing is missing. */
export function missingDebianPackages() {
  const names = missing();
  if (names.length === 0) return undefined;
  const reason = obstacle() ?? "they could not be installed";
  return `Debian packages not here (${names.join(", ")}; ${reason}): tests that need them are skipped`;
}
