/** `grym-synth ps` and `grym-synth stop`, on hosts that really run. */
import { type ChildProcess, spawn } from "node:child_process";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { describe, expect, onTestFinished, test } from "vitest";
import { socketPath } from "../../bridge/host/address.ts";
import { identifyProcess } from "../../bridge/host/proc.ts";
import { pidNamespace } from "../../bridge/host/shared-file.ts";
import { isAlive } from "../bridge/fake-python.ts";
import { attach, useOwnHosts } from "../bridge/hosts.ts";
import { runCli } from "./run-cli.ts";

const folder = useOwnHosts();
const socketOf = (name: string): string => socketPath(join(folder, "grym-synth"), name);

/** A host that nobody is attached to any more. */
async function startHost(name: string, model?: string): Promise<{ host: number; python: number }> {
  const { bridge } = attach(name);
  await using _ = bridge;
  await bridge.initialize();
  if (model !== undefined) await bridge.executeOperation("load_model", { model });
  const { host, pid } = bridge.stats();
  if (host === undefined || pid === undefined) throw new Error("it has not started");
  return { host: host.pid, python: pid };
}

/** A program that listens where a host would, and answers every line with one of its own. */
async function listenAs(path: string, reply: string): Promise<ChildProcess> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const source = `require("node:net").createServer((socket) => {
    socket.on("error", () => undefined).on("data", () => socket.write(process.argv[2] + "\\n"));
  }).listen(process.argv[1])`;
  // A relative path: the kernel takes a short one where the whole one is too long.
  const given = path.length > 107 ? basename(path) : path;
  const child = spawn(process.execPath, ["-e", source, given, reply], {
    cwd: dirname(path),
    stdio: "ignore",
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  await expect.poll(() => existsSync(path)).toBe(true);
  return child;
}

/** What a host answers to `status`, as far as `ps` and `stop` need it. */
const statusOf = (data: object): string =>
  JSON.stringify({
    host: "status",
    data: {
      pid: 1,
      startTicks: 1,
      namespace: pidNamespace(),
      clients: [],
      uptimeSeconds: 1,
      idleMs: 1,
      ...data,
    },
  });

describe("grym-synth ps", () => {
  test("says that no host runs, which is no failure", () => {
    const { status, stdout, stderr } = runCli(["ps"]);
    expect([status, stdout, stderr]).toEqual([0, "No host runs.\n", ""]);
    expect(runCli(["ps", "--json"]).stdout).toBe("[]\n");
  });

  test("shows processes, models, clients and the end of each host", async () => {
    const { host, python } = await startHost("shown", "fbank");
    const { bridge } = attach("shown");
    await using _ = bridge;
    await bridge.initialize();
    const used = runCli(["ps"]);
    expect(used.status).toBe(0);
    expect(used.stdout).toMatch(
      new RegExp(
        `^NAME .*\\nshown +${host} +${python} +fbank +${process.pid} +\\S+ MB +\\d+ s +not while used\\n$`,
      ),
    );
    await bridge.shutdown();
    expect(runCli(["ps"]).stdout).toMatch(/ none +\S+ MB +\d+ s +in (\d\d s|1 min)\n$/);
    expect(JSON.parse(runCli(["ps", "--json"]).stdout)).toMatchObject([
      { name: "shown", answers: true, pid: host, pythonPid: python, clients: [], idleMs: 60_000 },
    ]);
  });

  test("removes the socket of a host that died, and says so", async () => {
    const { host } = await startHost("dead");
    process.kill(host, "SIGKILL");
    await expect.poll(() => isAlive(host)).toBe(false);
    const { status, stdout, stderr } = runCli(["ps"]);
    expect([status, stderr]).toEqual([
      0,
      `The host "dead" had died: removed ${socketOf("dead")}\n`,
    ]);
    expect(stdout).not.toContain("dead");
    expect(existsSync(socketOf("dead"))).toBe(false);
  });
});

describe("grym-synth stop", () => {
  test("ends the host of a name and no other; of a name that there is not it says which there are", async () => {
    const [one, two] = [await startHost("one"), await startHost("two")];
    const { status, stdout } = runCli(["stop", "one"]);
    expect([status, stdout]).toEqual([0, `Stopped "one" (process ${one.host})\n`]);
    expect([one.host, one.python, two.host, two.python].map(isAlive)).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect([socketOf("one"), socketOf("two")].map(existsSync)).toEqual([false, true]);
    const again = runCli(["stop", "one"]);
    expect(again.status).toBe(1);
    expect(again.stderr).toMatch(/^There is no host "one"\. There is: .*two/);
    expect(runCli(["stop"]).stderr).toContain('There is no host "default"');
  });

  test("--all ends every one, also one that hangs", async () => {
    const hanging = await startHost("hanging");
    process.kill(hanging.host, "SIGSTOP");
    expect(runCli(["ps"]).stdout).toMatch(new RegExp(`hanging +${hanging.host} +does not answer`));
    const { status, stdout } = runCli(["stop", "--all"]);
    expect(status).toBe(0);
    expect(stdout).toContain(
      `Stopped "hanging" (process ${hanging.host}), which had to be killed\n`,
    );
    await expect.poll(() => [hanging.host, hanging.python].map(isAlive)).toEqual([false, false]);
    expect(existsSync(socketOf("hanging"))).toBe(false);
    expect(runCli(["stop", "--all"])).toEqual({ status: 0, stdout: "No host runs.\n", stderr: "" });
  });
});

describe("what is no host", () => {
  test("in the folder of sockets is left alone, and in nobody's way", async () => {
    const { host } = await startHost("real");
    mkdirSync(socketOf("folder"));
    writeFileSync(socketOf("notes"), "mine");
    writeFileSync(join(folder, "grym-synth", "other@00000000.sock"), "another machine's");
    const listed = runCli(["ps"]);
    expect([listed.status, listed.stderr]).toEqual([0, ""]);
    expect(listed.stdout).toMatch(new RegExp(`^NAME .*\\nreal +${host} [^\\n]*\\n$`));
    expect(runCli(["stop", "--all"]).status).toBe(0);
    expect([socketOf("folder"), socketOf("notes")].map(existsSync)).toEqual([true, true]);
  });

  test("but listens is shown as such, and not stopped", async () => {
    const replies = {
      nonsense: '{"host":nonsense',
      "another-protocol": "HTTP/1.1 400 Bad Request",
      "half-a-status": '{"host":"status","data":{"pid":1}}',
      "a-status-of-nothing": '{"host":"status","data":null}',
      "models-that-are-none": statusOf({ models: [null] }),
    };
    const names = Object.keys(replies).toSorted();
    const { host } = await startHost("beside");
    const fakes = await Promise.all(
      Object.entries(replies).map(([name, reply]) => listenAs(socketOf(name), reply)),
    );
    const pids = fakes.map(({ pid }) => pid ?? 0);
    const listed = runCli(["ps"]);
    expect([listed.status, listed.stderr]).toEqual([0, ""]);
    for (const name of names) {
      const row = `^${name} +\\? +what listens there does not answer as a host of this`;
      expect(listed.stdout).toMatch(new RegExp(row, "m"));
    }
    expect(listed.stdout).toMatch(new RegExp(`^beside +${host} `, "m"));
    const stopped = runCli(["stop", "--all"]);
    expect([stopped.status, stopped.stdout]).toEqual([1, `Stopped "beside" (process ${host})\n`]);
    expect(stopped.stderr.trimEnd().split("\n").toSorted()).toEqual(
      names.map((name) =>
        expect.stringMatching(
          `^"${name}" does not end when it is told, and is not killed: what listens`,
        ),
      ),
    );
    expect(pids.map(isAlive)).toEqual(names.map(() => true));
    for (const fake of fakes) fake.kill("SIGKILL");
    await expect.poll(() => pids.map(isAlive)).toEqual(names.map(() => false));
    const { stderr } = runCli(["ps"]);
    for (const name of names) expect(stderr).toContain(`The host "${name}" had died`);
  });

  test("behind a path that is too long is shown, and costs nobody else anything", async () => {
    const cache = join(mkdtempSync(join(tmpdir(), "long-")), "x".repeat(100));
    const path = join(cache, "run", basename(socketOf("deep")));
    const fake = await listenAs(path, "");
    const { host } = await startHost("beside");
    const { status, stdout } = runCli(["ps"], { GRYM_CACHE: cache });
    expect(status).toBe(0);
    expect(stdout).toMatch(/^deep +\? +.*is too long for a socket/m);
    expect(stdout).toMatch(new RegExp(`^beside +${host} `, "m"));
    expect(runCli(["stop", "deep"], { GRYM_CACHE: cache })).toMatchObject({
      status: 1,
      stdout: "",
    });
    fake.kill("SIGKILL");
  });

  test("is never killed: neither the process that a forged status names, nor one of that number", async () => {
    const victim = spawn("sleep", ["60"], { stdio: "ignore" });
    const { pid = 0 } = victim;
    const named = await listenAs(socketOf("forged"), statusOf({ ...identifyProcess(pid) }));
    const elsewhere = { namespace: "pid:[1]", ...identifyProcess(pid), pythonPid: pid };
    const other = await listenAs(socketOf("elsewhere"), statusOf(elsewhere));
    // Both at once: each is given 8 s to end.
    const { status, stdout, stderr } = runCli(["stop", "--all"]);
    expect(status).toBe(1);
    expect(stdout).not.toMatch(/forged|elsewhere/);
    expect(stderr.trimEnd().split("\n").toSorted()).toEqual([
      expect.stringContaining(
        '"elsewhere" does not end when it is told, and is not killed: it lives in another container',
      ),
      `"forged" does not end when it is told, and is not killed: it says that it is process ${pid}, ` +
        `and process ${named.pid} listens at its socket`,
    ]);
    expect([pid, named.pid ?? 0, other.pid ?? 0].map(isAlive)).toEqual([true, true, true]);
    for (const child of [named, other, victim]) child.kill("SIGKILL");
  });

  test("of this user alone: a folder that others may enter is refused", () => {
    const runtime = join(folder, "grym-synth");
    chmodSync(runtime, 0o755);
    const { status, stderr } = runCli(["ps"]);
    chmodSync(runtime, 0o700);
    expect([status, stderr]).toEqual([
      1,
      expect.stringContaining(`has to be yours alone: run \`chmod 700 ${runtime}\``),
    ]);
  });
});
