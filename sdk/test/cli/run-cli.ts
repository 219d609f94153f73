import { spawnSync } from "node:child_process";
import { join } from "node:path";

export const BIN: string = join(import.meta.dirname, "..", "..", "cli", "bin.mjs");

export interface CliResult {
  status: number | null;
  stdout: string;
  stderr: string;
}

/** Runs the real command as a user does, in a process of its own. */
export function runCli(args: readonly string[], environment: NodeJS.ProcessEnv = {}): CliResult {
  const env = { ...process.env, ...environment };
  const argv = ["--no-warnings", BIN, ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { env, encoding: "utf8" });
  return { status, stdout, stderr };
}
