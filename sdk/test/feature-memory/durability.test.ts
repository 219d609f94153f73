import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { readFiles, versionOf } from "../../feature-memory/storage/manifest.ts";
import { makeFolder } from "./make-pattern.ts";

const SCRIPT = join(import.meta.dirname, "store-process.ts");

describe("an acknowledgement", () => {
  it("comes after the system was told to bring every file of its version to the disk", ({
    skip,
  }) => {
    const watched = spawnSync("strace", ["-f", "--seccomp-bpf", "-e", "trace=fsync", "true"]);
    if (watched.error || watched.status !== 0) {
      skip(`system calls cannot be watched here: ${watched.error ?? watched.stderr}`);
    }
    const folder = makeFolder();
    const log = join(makeFolder(), "calls");
    const { status, stderr } = spawnSync(
      "strace",
      [
        "-f",
        "-y",
        "-qq",
        "--seccomp-bpf",
        "-e",
        "trace=fsync,write",
        "-o",
        log,
        process.execPath,
        "--no-warnings",
        SCRIPT,
        "all",
        folder,
        "p",
        "1",
      ],
      { input: "go\n", encoding: "utf8", timeout: 60_000 },
    );
    // A store that fails under it is a failure; only what watches may be missing.
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    const calls = readFileSync(log, "utf8").split("\n");
    const told = calls.findIndex((call) => /write\(1<.*"ok p0/.test(call));
    expect(told).toBeGreaterThan(0);
    const synced = calls
      .slice(0, told)
      .flatMap((call) => /fsync\(\d+<(.*?)>/.exec(call)?.[1] ?? []);
    const table = join(folder, "test-model.r1.last.mean.lance");
    const versions = join(table, "_versions");
    const manifests = readdirSync(versions).filter((name) => versionOf(name) !== undefined);
    expect(manifests).toHaveLength(2);
    const [newest = ""] = manifests.toSorted();
    const files = readFiles(readFileSync(join(versions, newest))).map(({ path }) =>
      join(table, path),
    );
    expect(files).toHaveLength(1);
    const needed = [join(versions, newest), ...files, join(table, "data"), versions, table, folder];
    expect(synced).toEqual(expect.arrayContaining(needed));
    // What is synced is what was written under that name before, not a file to come.
    expect(synced.filter((path) => path.includes(".tmp"))).toEqual([]);
  });
});
