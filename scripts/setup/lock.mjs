// One set-up at a time in a clone: two would write into the same folders.
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "./paths.mjs";

const file = join(root, ".setup.lock");

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

function take() {
  try {
    const descriptor = openSync(file, "wx");
    writeSync(descriptor, String(process.pid));
    closeSync(descriptor);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  }
}

function holder() {
  try {
    return Number(readFileSync(file, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return 0;
    throw error;
  }
}

/** Runs `work` alone; waits for another set-up of this clone, and steps over a dead one's lock. */
export async function alone(work) {
  let told = false;
  while (!take()) {
    const pid = holder();
    if (pid > 0 && !isAlive(pid)) rmSync(file, { force: true });
    else {
      if (!told) console.error(`Waiting for the set-up that process ${pid} runs in this clone …`);
      told = true;
      await sleep(300);
    }
  }
  const release = () => rmSync(file, { force: true });
  // Ctrl-C during a step must not leave the lock behind.
  for (const signal of ["SIGINT", "SIGTERM"])
    process.once(signal, () => {
      release();
      process.exit(130);
    });
  try {
    return await work();
  } finally {
    release();
    process.removeAllListeners("SIGINT");
    process.removeAllListeners("SIGTERM");
  }
}
