/** What becomes of the Python process when the Node that started it ends. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { findPython } from "../../bridge/find-python.ts";
import { isAlive } from "./fake-python.ts";
import { runNode } from "./run-node.ts";

/** Runs a script with the bridge at hand. */
function runScript(body: string): Promise<string> {
  const path = join(import.meta.dirname, "..", "..", "bridge", "gama-bridge.ts");
  return runNode(`import { GAMABridge } from ${JSON.stringify(path)};\n${body}`);
}

describe("Node", () => {
  it("24: ends by itself while an idle bridge is open, and takes the process with it", async () => {
    const stdout = await runScript(`
      const bridge = new GAMABridge();
      await bridge.executeOperation("ping", {});
      console.log(bridge.pid);
    `);
    await expect.poll(() => isAlive(Number(stdout))).toBe(false);
  });

  it("24: has no handle left after shutdown", async () => {
    const stdout = await runScript(`
      const bridge = new GAMABridge();
      await bridge.executeOperation("ping", {});
      await bridge.shutdown();
      const open = () => process.getActiveResourcesInfo();
      // A handle is closed one turn of the loop after its last event.
      for (let turn = 0; turn < 100 && open().includes("ProcessWrap"); turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      const ofLoader = ["FSReqCallback", "Immediate"];
      console.log(JSON.stringify(open().filter((name) => !ofLoader.includes(name))));
    `);
    const idle = await runScript("console.log(JSON.stringify(process.getActiveResourcesInfo()));");
    expect(JSON.parse(stdout).toSorted()).toEqual(JSON.parse(idle).toSorted());
  });
});

const LIGHT = join(import.meta.dirname, "light-python.ts");

/** Starts a Python that has children of its own and keeps the interpreter lock; tells all process ids. */
const FAMILY = `
  const { ask, lightBridge } = await import(${JSON.stringify(LIGHT)});
  const { bridge } = lightBridge();
  const children = await ask(bridge, "grandchild");
  ask(bridge, "hold", { seconds: 60 }).catch(() => {});
  const ids = JSON.stringify([bridge.pid, ...children]);`;

const IN_WORKER = `
  import { Worker } from "node:worker_threads";
  const body = ${JSON.stringify(`(async () => {${FAMILY} require("node:worker_threads").parentPort.postMessage(ids); })();`)};
  const worker = new Worker(body, { eval: true, execArgv: [] });
  worker.once("message", (ids) => { console.log(ids); setTimeout(() => worker.terminate(), 100); });
  setInterval(() => {}, 1000);`;

/** Runs its arguments at a terminal of their own, and hangs up when they have said a line. */
const TERMINAL = `
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
said = b""
while b"]" not in said:
    said += os.read(terminal, 1000)
print(said.decode(), flush=True)
os.close(terminal)
os.waitpid(pid, 0)
`;

const node = (body: string, env = process.env): ChildProcess =>
  spawn(process.execPath, ["--input-type=module", "-e", body], {
    stdio: ["ignore", "pipe", "ignore"],
    detached: true,
    env,
  });
const sayAnd = (ending: string, env = process.env): ChildProcess =>
  node(`${FAMILY} console.log(ids); setTimeout(() => {${ending}}, 100);`, env);
const stay = "setInterval(() => {}, 1000);";

/** How a parent ends; what the test does to it when it has said its ids. */
const ENDS: readonly (readonly [string, () => ChildProcess, NodeJS.Signals | undefined])[] = [
  ["is killed with -9", () => sayAnd(stay), "SIGKILL"],
  ["is told to end", () => sayAnd(stay), "SIGTERM"],
  ["is interrupted, with its whole group", () => sayAnd(stay), "SIGINT"],
  ["throws what nobody catches", () => sayAnd('throw new Error("uncaught");'), undefined],
  ["exits in the middle of a call", () => sayAnd("process.exit();"), undefined],
  ["ends the worker that has the bridge", () => node(IN_WORKER), undefined],
  [
    "loses its terminal",
    () => {
      const body = `${FAMILY} console.log(ids); ${stay}`;
      const command = [process.execPath, "--input-type=module", "-e", body];
      return spawn(findPython(), ["-c", TERMINAL, ...command], {
        stdio: ["ignore", "pipe", "ignore"],
        detached: true,
      });
    },
    undefined,
  ],
];

describe("Python, and what Python has started,", () => {
  it.concurrent.for(ENDS)("25: is gone when Node %s", async ([_how, start, signal], { expect }) => {
    const parent = start();
    let said = "";
    parent.stdout?.on("data", (text: Buffer) => {
      said += text.toString();
    });
    await expect.poll(() => said).toMatch(/\[(\d+,?){3}\]/);
    const ids = JSON.parse(/\[.*\]/.exec(said)?.[0] ?? "[]") as number[];
    if (signal !== undefined) process.kill(-(parent.pid ?? 0), signal);
    await expect.poll(() => ids.filter(isAlive)).toEqual([]);
    parent.kill("SIGKILL");
  });

  it("25: leaves no file in the temporary folder or in shared memory", async () => {
    // Tests beside this one make and remove files in the folder that they share.
    const TMPDIR = mkdtempSync(join(tmpdir(), "node-lifetime-"));
    const before = new Set(leftovers(TMPDIR));
    const parent = sayAnd(stay, { ...process.env, TMPDIR });
    let said = "";
    parent.stdout?.on("data", (text: Buffer) => {
      said += text.toString();
    });
    await expect.poll(() => said).toContain("]");
    // Neither while it lives, since its files have no names …
    expect(leftovers(TMPDIR).filter((name) => !before.has(name))).toEqual([]);
    parent.kill("SIGKILL");
    const ids = JSON.parse(said) as number[];
    await expect.poll(() => ids.filter(isAlive)).toEqual([]);
    // … nor afterwards.
    expect(leftovers(TMPDIR).filter((name) => !before.has(name))).toEqual([]);
  });
});

function leftovers(temporary: string): string[] {
  return [temporary, "/dev/shm"].flatMap((folder) =>
    readdirSync(folder).filter((name) => name.startsWith("grym-synth")),
  );
}
