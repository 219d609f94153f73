#!/usr/bin/env node
// Plain JavaScript, so that any Node can read it and fetch the Node 24 that the rest needs.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { constants } from "node:os";
import { fileURLToPath } from "node:url";
import { ROOT, repositoryNode } from "./kernel-spec.mjs";

const NEEDED = 24;

if (Number.parseInt(process.versions.node, 10) >= NEEDED) {
  const { main } = await import("./main.ts");
  process.exitCode = await main(process.argv.slice(2));
} else if (existsSync(repositoryNode())) {
  const script = fileURLToPath(import.meta.url);
  const argv = ["--no-warnings", script, ...process.argv.slice(2)];
  const { status, signal, error } = spawnSync(repositoryNode(), argv, { stdio: "inherit" });
  if (error) throw error;
  process.exitCode = signal === null ? (status ?? 1) : 128 + constants.signals[signal];
} else {
  process.stderr.write(
    `grym-synth needs Node ${NEEDED}; this is ${process.versions.node}, and ${ROOT} has none of its own yet.\n` +
      `Run \`npm run setup\` in ${ROOT}: it brings Node ${NEEDED} into node_modules.\n`,
  );
  process.exitCode = 1;
}
