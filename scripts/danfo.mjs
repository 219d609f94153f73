// npm run danfo: installs danfojs-node for notebooks, into danfo/.
import { join } from "node:path";
import { run } from "./setup/command.mjs";
import { root } from "./setup/paths.mjs";
import { setUpOrExit } from "./setup/set-up.mjs";
import { fingerprint, isStamped, stamp } from "./setup/stamp.mjs";
import { userSteps } from "./setup/steps.mjs";

const folder = join(root, "danfo");
const stampFile = join(folder, "node_modules", ".grym-synth-setup");
const value = () =>
  fingerprint([join(folder, "package-lock.json"), join(folder, "xlsx", "index.js")]);

const danfo = {
  name: "danfojs-node",
  size: "about 340 MB",
  isDone: () => isStamped(stampFile, value()),
  async run() {
    const args = ["ci", "--no-audit", "--no-fund", "--ignore-scripts"];
    const help =
      "npm could not install danfojs-node. Is a registry reachable? Run the same command again.";
    await run("npm", args, { log: "danfo", cwd: folder, help });
    stamp(stampFile, value());
  },
};

await setUpOrExit([...userSteps, danfo]);
console.error("danfojs-node is installed. See notebooks/05-danfo.ipynb");
