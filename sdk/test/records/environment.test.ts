import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { readCodeState } from "../../records/code-state.ts";
import { readEnvironment } from "../../records/environment.ts";
import { hashFile, hashWeights } from "../../records/hash-file.ts";
import { readMachineState } from "../../records/machine-state.ts";

const bridge = new GAMABridge();
afterAll(() => bridge.shutdown());

const weights = join(import.meta.dirname, "..", "..", "..", "python", "weights", "gama-tiny");

function makeFolder(files: Readonly<Record<string, string>>): string {
  const folder = mkdtempSync(join(tmpdir(), "environment-"));
  put(folder, files);
  return folder;
}

function put(folder: string, files: Readonly<Record<string, string>>): void {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
}

describe("the environment of a record", () => {
  it("names processor, kernel, threads, and with a process its packages, linear algebra and device", async () => {
    const found = await readEnvironment(bridge);
    expect(found.threads.available).toBe(found.cores);
    expect(found.release).toMatch(/^\d+\.[\d.]+$/);
    expect(found.blas).toMatch(/[a-z]/);
    expect(found.versions).not.toHaveProperty("blas");
    for (const name of [
      "node",
      "grym-synth",
      "torch",
      "numpy",
      "scipy",
      "scikit-learn",
      "statsmodels",
    ]) {
      expect(found.versions[name], name).toMatch(/^\d+\.\d+/);
    }
    expect(Object.keys(found.locks)).toEqual(["package-lock.json", "python/requirements.lock"]);
    expect(await readEnvironment()).toMatchObject({ blas: null, device: null });
  });
});

describe("the code of a record", () => {
  const git = (folder: string, ...args: string[]): string =>
    execFileSync("git", ["-C", folder, "-c", "user.name=a", "-c", "user.email=a@b", ...args], {
      encoding: "utf8",
    });

  it("is told by commit and by what differs: changed lines, and new source files alone", async () => {
    const folder = makeFolder({ "sdk/a.ts": "1\n", "package-lock.json": "{}" });
    git(folder, "init", "-q");
    git(folder, "add", "-A");
    git(folder, "commit", "-qm", "one");
    const clean = await readCodeState(folder);
    expect(clean).toMatchObject({
      isDirty: false,
      diff: null,
      commit: git(folder, "rev-parse", "HEAD").trim(),
    });
    expect(Object.keys(clean.locks)).toEqual(["package-lock.json"]);
    put(folder, { "notes.ipynb": "no code", "sdk/notes.md": "neither", "sdk/test/a.test.ts": "" });
    expect(await readCodeState(folder)).toEqual(clean);
    git(folder, "add", "-A");
    git(folder, "commit", "-qm", "two");
    const later = await readCodeState(folder);
    expect(later).toMatchObject({ diff: null, code: clean.code });
    expect(later.commit).not.toBe(clean.commit);
    put(folder, { "sdk/b.ts": "2\n" });
    const added = await readCodeState(folder);
    put(folder, { "sdk/b.ts": "3\n" });
    const other = await readCodeState(folder);
    rmSync(join(folder, "sdk/b.ts"));
    put(folder, { "sdk/a.ts": "4\n" });
    const changed = await readCodeState(folder);
    expect(changed.isDirty).toBe(true);
    git(folder, "commit", "-qam", "three");
    // The same code, now committed.
    expect(await readCodeState(folder)).toMatchObject({ diff: null, code: changed.code });
    const diffs = [added.diff, other.diff, changed.diff];
    expect(new Set(diffs).size).toBe(3);
    expect(new Set([clean, added, other, changed].map(({ code }) => code)).size).toBe(4);
    for (const diff of diffs) expect(diff).toMatch(/^[0-9a-f]{64}$/);
  });

  it("is null outside a repository", async () => {
    const folder = makeFolder({ "sdk/a.ts": "1\n" });
    expect(await readCodeState(folder)).toEqual({
      commit: null,
      isDirty: null,
      diff: null,
      code: null,
      locks: {},
    });
  });
});

describe("limits of control groups", () => {
  it.each([
    [
      "version 2, the smallest of all groups above",
      {
        "proc/self/cgroup": "0::/a/b\n",
        "sys/fs/cgroup/a/cpu.max": "150000 100000\n",
        "sys/fs/cgroup/a/b/cpu.max": "max 100000\n",
        "sys/fs/cgroup/a/memory.max": "max\n",
        "sys/fs/cgroup/a/b/memory.max": "1073741824\n",
      },
      { cpus: 1.5, memory: 1_073_741_824 },
    ],
    [
      "version 1, of a container whose group is the mount",
      {
        "proc/self/cgroup": "5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "200000\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "2147483648\n",
      },
      { cpus: 2, memory: 2_147_483_648 },
    ],
    [
      "version 1 without limits",
      {
        "proc/self/cgroup": "5:cpu:/\n4:memory:/\n",
        "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n",
        "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
      },
      { cpus: null, memory: null },
    ],
    ["no control groups at all", {}, { cpus: null, memory: null }],
  ])("are read: %s", async (_what, files, limits) => {
    const root = makeFolder(files as Record<string, string>);
    expect((await readMachineState(root)).cgroup).toEqual(limits);
  });

  it("stand beside the governor and the mark of a container", async () => {
    const governor = "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor";
    const root = makeFolder({ [governor]: "performance\n", ".dockerenv": "" });
    expect(await readMachineState(root)).toMatchObject({
      governor: "performance",
      container: true,
    });
    expect(await readMachineState(makeFolder({}))).toMatchObject({
      governor: null,
      container: false,
    });
  });
});

describe("hashes of weights", () => {
  it("are those of each file of the model", async () => {
    const hashes = await hashWeights(weights);
    expect(Object.keys(hashes)).toContain("model.safetensors");
    expect(hashes["config.json"]).toBe(await hashFile(join(weights, "config.json")));
  });
});
