// Runs a command in the foreground and ends with its code; Ctrl-C belongs to the command.
import { spawn } from "node:child_process";

/** @returns {Promise<number>} the exit code (128 + signal for a signal) */
export function passThrough(command, args, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: "inherit", ...options });
    const forward = (signal) => child.kill(signal);
    // The terminal has sent SIGINT to the child as well: we only wait for its end.
    const wait = () => undefined;
    process.on("SIGTERM", forward);
    process.on("SIGINT", wait);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      process.off("SIGTERM", forward);
      process.off("SIGINT", wait);
      resolve(code ?? (signal === "SIGINT" ? 130 : 143));
    });
  });
}
