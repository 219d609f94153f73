import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");
const vitest = join(root, "node_modules", "vitest", "vitest.mjs");
const running: ChildProcess[] = [];

afterEach(() => {
  for (const { exitCode, signalCode, pid } of running.splice(0))
    if (exitCode === null && signalCode === null && pid !== undefined)
      process.kill(-pid, "SIGKILL");
});

/** Statements of a test that leaves a folder behind. */
const LEAVE = `require("node:fs").mkdtempSync(require("node:path").join(require("node:os").tmpdir(), "left-"));`;

interface Run {
  readonly child: ChildProcess;
  /** What the run takes for the machine's temporary folder. */
  readonly temporary: string;
  /** Exit code, and what was said. */
  readonly ended: Promise<{ code: number | null; output: string }>;
}

/** Starts Node, in a group of its own: a Ctrl-C of the terminal is sent to the group. */
function start(folder: string, args: readonly string[], env: Record<string, string> = {}): Run {
  const temporary = join(folder, "tmp");
  mkdirSync(temporary);
  const child = spawn(process.execPath, args, {
    cwd: folder,
    env: { ...process.env, GRYM_KEEP_TMP: "", ...env, TMPDIR: temporary },
    detached: true,
  });
  running.push(child);
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.on("data", (chunk) => {
      output += String(chunk);
    });
  }
  const ended = once(child, "close").then(([code]) => ({ code, output }));
  return { child, temporary, ended };
}

/** A run of `npm test` whose suites are these programs. */
function startSuites(programs: readonly string[], env?: Record<string, string>): Run {
  const folder = mkdtempSync(join(tmpdir(), "suites-"));
  const module = pathToFileURL(join(root, "scripts", "test", "run-suites.mjs")).href;
  const suites = programs.map((program, index) => ({
    name: `suite: ${index}`,
    command: process.execPath,
    args: ["-e", program],
  }));
  const program = join(folder, "program.mjs");
  writeFileSync(
    program,
    `import { runSuites } from ${JSON.stringify(module)};
    const { total, exitCode } = await runSuites(${JSON.stringify(suites)});
    console.log(JSON.stringify(total));
    process.exitCode = exitCode;`,
  );
  return start(folder, [program], env);
}

/** A run of vitest alone, on one file that holds this program. */
function startVitest(program: string, env?: Record<string, string>): Run {
  const folder = mkdtempSync(join(tmpdir(), "vitest-"));
  const globalSetup = join(root, "scripts", "test", "vitest-folder.mjs");
  const config = { test: { globalSetup, globals: true, include: ["leaving.mjs"] } };
  writeFileSync(join(folder, "vitest.config.mjs"), `export default ${JSON.stringify(config)};`);
  writeFileSync(
    join(folder, "leaving.mjs"),
    `import { createRequire } from "node:module";
    const require = createRequire(import.meta.url);
    test("leaves a folder", async () => { ${program} }, 60_000);`,
  );
  return start(folder, [vitest, "run"], env);
}

const HANG = `${LEAVE} setInterval(() => {}, 1000);`;
const HANG_IN_VITEST = `${LEAVE} await new Promise(() => {});`;

const hasLeft = ({ temporary }: Run): boolean =>
  existsSync(temporary) &&
  readdirSync(temporary, { recursive: true }).some((name) => String(name).includes("left-"));

describe("npm test", () => {
  test("gives each suite a temporary folder of its own, and removes them all", async () => {
    const say = `${LEAVE} console.log("in", require("node:os").tmpdir());`;
    const run = startSuites([say, `${say} process.exit(1);`]);
    const { code, output } = await run.ended;
    expect(code).toBe(1);
    expect(output).toContain('{"passed":1,"failed":1,"skipped":0}');
    const folders = [...output.matchAll(/^in (.*)$/gm)].map(([, folder = ""]) => folder);
    expect(new Set(folders).size).toBe(2);
    for (const folder of folders)
      expect(folder.startsWith(join(run.temporary, "grym-test-"))).toBe(true);
    expect(readdirSync(run.temporary)).toEqual([]);
    expect(output).toContain("GRYM_KEEP_TMP=1 keeps them");
  });

  test("keeps them where GRYM_KEEP_TMP=1, and says where", async () => {
    const run = startSuites([LEAVE], { GRYM_KEEP_TMP: "1" });
    const { code, output } = await run.ended;
    expect(code).toBe(0);
    const [folder = ""] = readdirSync(run.temporary);
    expect(output).toContain(join(run.temporary, folder));
    expect(hasLeft(run)).toBe(true);
  });

  test.each([
    ["SIGTERM to it alone", "SIGTERM", 1, 143],
    ["Ctrl-C", "SIGINT", -1, 130],
  ] as const)("removes them after %s, and runs no further suite", async (_, signal, whom, code) => {
    const run = startSuites([HANG, `console.log("another suite");`]);
    await expect.poll(() => hasLeft(run)).toBe(true);
    process.kill(whom * Number(run.child.pid), signal);
    const end = await run.ended;
    expect(end.code).toBe(code);
    expect(end.output).not.toContain("another suite");
    expect(readdirSync(run.temporary)).toEqual([]);
  });
});

describe("vitest alone", () => {
  test.each([
    ["passes", LEAVE, 0],
    ["fails", `${LEAVE} throw new Error("failed");`, 1],
  ])("leaves nothing behind where a test %s", async (_, program, code) => {
    const run = startVitest(program);
    const end = await run.ended;
    expect(end.output).toContain("leaving.mjs");
    expect(end.code).toBe(code);
    expect(end.output.includes("GRYM_KEEP_TMP=1 keeps them")).toBe(code === 1);
    expect(readdirSync(run.temporary)).toEqual([]);
  });

  test.each([
    ["SIGTERM to it alone", "SIGTERM", 1],
    ["Ctrl-C", "SIGINT", -1],
  ] as const)("leaves nothing behind after %s", async (_, signal, whom) => {
    const run = startVitest(HANG_IN_VITEST);
    await expect.poll(() => hasLeft(run)).toBe(true);
    process.kill(whom * Number(run.child.pid), signal);
    expect((await run.ended).code).not.toBe(0);
    expect(readdirSync(run.temporary)).toEqual([]);
  });

  test("keeps what a test left where GRYM_KEEP_TMP=1", async () => {
    const run = startVitest(LEAVE, { GRYM_KEEP_TMP: "1" });
    await run.ended;
    expect(hasLeft(run)).toBe(true);
  });

  test("has a folder of its own by the configuration of this repository, or one of npm test's", () => {
    expect(tmpdir()).toMatch(/\/grym-test-[^/]+(\/[^/]+)?$/);
  });
});
