/** `grym-synth ps` and `grym-synth stop`, on hosts that really run. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isAlive } from "../bridge/fake-python.ts";
import { attach, useOwnHosts } from "../bridge/hosts.ts";
import { runCli } from "./run-cli.ts";

const folder = useOwnHosts();
const socketOf = (name: string): string => join(folder, "grym-synth", `${name}.sock`);

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
