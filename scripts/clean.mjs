// npm run clean: removes what the set-up made, and nothing that a user made.
import { rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./setup/paths.mjs";

for (const folder of ["node_modules", ".venv", "build", ".setup.lock"]) {
  rmSync(join(root, folder), { recursive: true, force: true });
  console.error(`removed ${folder}`);
}
