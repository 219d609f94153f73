// npm run train [-- options of training.run]: renders the sounds and trains the shipped models again.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { environment } from "./setup/environment.mjs";
import { passThrough } from "./setup/pass-through.mjs";
import { root, venvPython } from "./setup/paths.mjs";
import { setUpOrExit } from "./setup/set-up.mjs";
import { userSteps } from "./setup/steps.mjs";

// Only rendering needs these; nobody needs them to use the models.
const debianPackages = ["libfluidsynth3", "fluid-soundfont-gm", "espeak-ng"];

function isInstalled(name) {
  const { stdout } = spawnSync("dpkg", ["--status", name], { encoding: "utf8" });
  return (stdout ?? "").includes("Status: install ok installed");
}

async function installMissing() {
  const missing = debianPackages.filter((name) => !isInstalled(name));
  if (missing.length === 0) return;
  const command = `apt-get update && apt-get install -y ${missing.join(" ")}`;
  if (process.getuid?.() !== 0) {
    console.error(`Rendering needs Debian packages (about 160 MB). As root: ${command}`);
    process.exit(1);
  }
  console.error(`set-up: Debian packages ${missing.join(", ")} (about 160 MB)`);
  const code = await passThrough("sh", ["-c", command]);
  if (code !== 0) process.exit(code);
}

await setUpOrExit(userSteps);
await installMissing();
const args = ["-m", "training.run", ...process.argv.slice(2)];
process.exitCode = await passThrough(venvPython, args, {
  cwd: join(root, "python"),
  env: environment(),
});
