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

test("npm start serves JupyterLab at the address that it prints, with our kernel and tslab, and no more noise", async () => {
  const port = await freePort();
  const args = ["scripts/start.mjs", "--no-browser", `--port=${port}`];
  const child = spawn(process.execPath, args, { cwd: root, detached: true, stdio: "pipe" });
  running.push(child);
  let told = "";
  child.stderr.on("data", (chunk) => {
    told += String(chunk);
  });
  const printed =
    /http:\/\/127\.0\.0\.1:\d+\/lab\/tree\/notebooks\/01-first-comparison\.ipynb\?token=\w+/;
  let address: string | undefined;
  for (let attempt = 0; address === undefined && attempt < 240; attempt += 1) {
    expect(child.exitCode).toBeNull();
    await sleep(250);
    address = printed.exec(told)?.[0];
  }
  expect(told).not.toMatch(/error|warn|fail/i);
  const { origin, search } = new URL(address ?? told);
  expect(origin).toBe(`http://127.0.0.1:${port}`);
  const specs: unknown = await (await fetch(`${origin}/api/kernelspecs${search}`)).json();
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
