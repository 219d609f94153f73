import { type ChildProcess, spawn } from "node:child_process";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const running: ChildProcess[] = [];

afterEach(async () => {
  for (const child of running.splice(0)) {
    if (child.exitCode !== null || child.pid === undefined) continue;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    // The group: npm's script has started the server as its child.
    process.kill(-child.pid, "SIGTERM");
    await ended;
  }
});

async function freePort(): Promise<number> {
  return await new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() =>
        typeof address === "object" && address !== null ? resolve(address.port) : reject(address),
      );
    });
  });
}

test("npm start serves JupyterLab, and its REST API lists our kernel and tslab", async () => {
  const port = await freePort();
  const args = [
    "scripts/start.mjs",
    "--no-browser",
    `--port=${port}`,
    "--IdentityProvider.token=t",
  ];
  const child = spawn(process.execPath, args, { cwd: root, detached: true, stdio: "ignore" });
  running.push(child);
  const url = `http://127.0.0.1:${port}/api/kernelspecs?token=t`;
  let specs: unknown;
  for (let attempt = 0; specs === undefined && attempt < 240; attempt += 1) {
    expect(child.exitCode).toBeNull();
    await sleep(250);
    // Refused connections are the server still starting.
    specs = await fetch(url).then(
      (response) => response.json(),
      () => undefined,
    );
  }
  expect(specs).toMatchObject({
    kernelspecs: {
      "grym-synth": {
        spec: {
          display_name: "TypeScript (grym-synth)",
          language: "typescript",
          interrupt_mode: "message",
        },
      },
      tslab: { spec: { display_name: "TypeScript (tslab)", language: "typescript" } },
    },
  });
}, 90_000);

test("a second set-up has nothing to do and prints only where to go next", async () => {
  const child = spawn(process.execPath, ["scripts/setup.mjs"], { cwd: root, stdio: "pipe" });
  let text = "";
  child.stderr.on("data", (chunk) => {
    text += String(chunk);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(code).toBe(0);
  expect(text.trim()).toBe("grym-synth is set up. Next: npm start");
});
