import { spawnSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { runCli } from "./run-cli.ts";

const cli = join(import.meta.dirname, "..", "..", "cli");
const folder = mkdtempSync(join(tmpdir(), "cli-test-"));

afterAll(() => rmSync(folder, { recursive: true }));

describe("grym-synth", () => {
  test("explains itself when asked, on stdout", () => {
    const { status, stdout, stderr } = runCli(["--help"]);
    expect([status, stderr]).toEqual([0, ""]);
    for (const command of [
      "doctor",
      "kernel install",
      "kernel uninstall",
      "kernel spec",
      "embed",
      "compare replay",
      "model download",
      "ps",
      "stop",
    ]) {
      expect(stdout).toContain(command);
    }
    expect(runCli(["embed", "--help"]).stdout).toContain("--model NAME");
  });

  test.each([[[]], [["dance"]], [["constructor"]]])(
    "answers %j with the help and exit code 2",
    (args) => {
      const { status, stdout, stderr } = runCli(args);
      expect([status, stdout]).toEqual([2, ""]);
      expect(stderr).toContain("Usage: grym-synth COMMAND");
    },
  );

  test.each([
    [["kernel", "install"], "name one of --user, --sys-prefix and --prefix"],
    [["kernel", "install", "--user", "--sys-prefix"], "name one of"],
    [["kernel", "repair"], "expected install, uninstall or spec, got repair"],
    [["embed", "sounds"], "--model and --out are needed"],
    [
      ["embed", "sounds", "--model", "fbank", "--out", "x.csv"],
      "--out has to end in .npy or .parquet",
    ],
    [
      ["embed", "sounds", "--model", "fbank", "--out", "x.npy", "--pooling", "sum"],
      "mean, mean_std",
    ],
    [
      ["embed", "sounds", "--model", "fbank", "--out", "x.npy", "--hop", "1"],
      "--hop needs --window",
    ],
    [["doctor", "--verbose"], "Unknown option '--verbose'"],
    [["model"], "expected one of add, download, list, verify, remove"],
    [["model", "forget"], "verify, remove, got forget"],
    [["model", "add"], "name one folder"],
    [["model", "download", "a/b", "c/d"], "name one repository"],
    [["ps", "all"], "Unexpected argument 'all'"],
    [["stop", "one", "two"], 'unexpected "two"'],
    [["stop", "one", "--all"], "give a name or --all, not both"],
  ])("says what is wrong with %j", (args, complaint) => {
    const { status, stderr } = runCli(args);
    expect(status).toBe(2);
    expect(stderr).toContain(complaint);
  });

  test("on an old Node without the repository's own says what to run", () => {
    // A clone in which nothing has been set up, seen by a Node that says it is 20.
    mkdirSync(join(folder, "sdk"), { recursive: true });
    cpSync(cli, join(folder, "sdk", "cli"), { recursive: true });
    const old = `Object.defineProperty(process.versions, "node", { value: "20.20.2" })`;
    const preload = `data:text/javascript,${encodeURIComponent(old)}`;
    const argv = ["--import", preload, join(folder, "sdk", "cli", "bin.mjs"), "doctor"];
    const bare = spawnSync(process.execPath, argv, { encoding: "utf8" });
    expect(bare.status).toBe(1);
    expect(bare.stderr).toContain("needs Node 24; this is 20.20.2");
    expect(bare.stderr).toContain("npm run setup");

    // With a Node of its own, the clone uses that one, and hands on what it returns.
    mkdirSync(join(folder, "node_modules", "node", "bin"), { recursive: true });
    symlinkSync("/bin/false", join(folder, "node_modules", "node", "bin", "node"));
    expect(spawnSync(process.execPath, argv).status).toBe(1);
    expect(spawnSync(process.execPath, argv, { encoding: "utf8" }).stderr).toBe("");
  });
});
