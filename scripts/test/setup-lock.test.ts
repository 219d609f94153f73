import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, test } from "vitest";

const scripts = join(import.meta.dirname, "..", "setup");
const folders: string[] = [];

afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true });
});

/** A clone that holds the lock's module only, and a program that works alone for a moment. */
function makeClone(): { folder: string; lock: string; program: string } {
  const folder = mkdtempSync(join(tmpdir(), "grym-lock-"));
  folders.push(folder);
  for (const name of ["lock.mjs", "paths.mjs"])
    cpSync(join(scripts, name), join(folder, "scripts", "setup", name));
  const program = join(folder, "program.mjs");
  writeFileSync(
    program,
    `import { appendFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { alone } from "./scripts/setup/lock.mjs";
await alone(async () => {
  appendFileSync("log", "in\\n");
  await sleep(Number(process.argv[2]));
  appendFileSync("log", "out\\n");
});`,
  );
  return { folder, lock: join(folder, ".setup.lock"), program };
}

function start(clone: ReturnType<typeof makeClone>, workMs: number) {
  const child = spawn(process.execPath, [clone.program, String(workMs)], { cwd: clone.folder });
  const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
  return { child, ended };
}

test("set-ups of one clone run one after the other, also past a dead one's lock", async () => {
  const clone = makeClone();
  const dead = start(clone, 0);
  await dead.ended;
  writeFileSync(clone.lock, String(dead.child.pid));
  const runs = [start(clone, 200), start(clone, 200), start(clone, 200)];
  expect(await Promise.all(runs.map((run) => run.ended))).toEqual([0, 0, 0]);
  expect(readFileSync(join(clone.folder, "log"), "utf8")).toBe("in\nout\n".repeat(4));
  expect(existsSync(clone.lock)).toBe(false);
});

test("a set-up that is told to stop leaves no lock behind", async () => {
  const clone = makeClone();
  const run = start(clone, 60_000);
  await expect.poll(() => existsSync(join(clone.folder, "log"))).toBe(true);
  run.child.kill("SIGTERM");
  expect(await run.ended).toBe(143);
  expect(existsSync(clone.lock)).toBe(false);
});
