// npm run clean: removes what the set-up made, and nothing that a user made.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";

const made = [
  "node_modules",
  ".venv",
  "build",
  ".setup.lock",
  "sdk/declarations",
  "datasets/declarations",
  "tslab/node_modules",
  "danfo/node_modules",
];
for (const folder of made) {
  rmSync(join(root, folder), { recursive: true, force: true });
  console.error(`removed ${folder}`);
}
