// Runs a command of the set-up; its words go to a log, the end of which a failure shows.
import { spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

export class SetupError extends Error {
  name = "SetupError";

  /** `help`: what the user does next. */
  constructor(message, help) {
    super(message);
    this.help = help;
  }
}

/** Log of a step; outside the clone, because the clone may be read-only or not set up yet. */
export function logPath(name) {
  return join(tmpdir(), `grym-synth-setup-${process.getuid?.() ?? "user"}`, `${name}.log`);
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {{ log: string, help: string, cwd?: string, env?: NodeJS.ProcessEnv }} options
 * @returns {Promise<void>} rejects with a SetupError that holds the last lines of the log
 */
export function run(command, args, { log, help, cwd, env }) {
  const file = logPath(log);
  mkdirSync(dirname(file), { recursive: true });
  return new Promise((resolve, reject) => {
    const sink = createWriteStream(file);
    const child = spawn(command, args, { cwd, env, stdio: ["ignore", "pipe", "pipe"] });
    // Nobody waits for npm or pip once this script is gone.
    const endChild = () => child.kill();
    process.once("exit", endChild);
    child.once("close", () => process.off("exit", endChild));
    child.stdout.pipe(sink, { end: false });
    child.stderr.pipe(sink, { end: false });
    const fail = (reason) =>
      sink.end(() => {
        const tail = readFileSync(file, "utf8").trimEnd().split("\n").slice(-12).join("\n");
        reject(
          new SetupError(
            `${command} ${args.join(" ")}\n${reason}\n${tail}`,
            `${help}\nWhole log: ${file}`,
          ),
        );
      });
    child.on("error", (error) => fail(error.message));
    child.on("close", (code, signal) => {
      if (code === 0) sink.end(resolve);
      else fail(signal === null ? `ended with code ${code}` : `was ended by ${signal}`);
    });
  });
}
