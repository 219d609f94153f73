// One set-up at a time in a clone: two would write into the same folders.
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { root } from "./paths.mjs";

const file = join(root, ".setup.lock");
const mine = `${file}.${process.pid}`;

function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error.code === "EPERM";
  }
}

/** Takes the lock whole: the link appears with the pid already written in it. */
function take() {
  writeFileSync(mine, String(process.pid));
  try {
    linkSync(mine, file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(mine, { force: true });
  }
}

function holder(path = file) {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch (error) {
    if (error.code === "ENOENT") return undefined;
    throw error;
  }
}

/** Moves a dead holder's lock away; a lock that a living one took meanwhile is put back. */
function clearAway() {
  try {
    renameSync(file, mine);
    if (isAlive(holder(mine))) linkSync(mine, file);
  } catch (error) {
    // Somebody else cleared it away, or took it, in the same moment: look again.
    if (error.code !== "ENOENT" && error.code !== "EEXIST") throw error;
  } finally {
    rmSync(mine, { force: true });
  }
}

/** Runs `work` alone; waits for another set-up of this clone, and steps over a dead one's lock. */
export async function alone(work) {
  let told = false;
  while (!take()) {
    const pid = holder();
    if (pid === undefined) continue;
    if (!isAlive(pid)) clearAway();
    else {
      if (!told) console.error(`Waiting for the set-up that process ${pid} runs in this clone …`);
      told = true;
      await sleep(300);
    }
  }
  const release = () => rmSync(file, { force: true });
  const stop = (signal) => process.exit(signal === "SIGINT" ? 130 : 143);
  // Ctrl-C during a step must not leave the lock behind.
  process.once("exit", release);
  process.on("SIGINT", stop).on("SIGTERM", stop);
  try {
    return await work();
  } finally {
    process.off("SIGINT", stop).off("SIGTERM", stop).off("exit", release);
    release();
  }
}
