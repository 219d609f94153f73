import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { describe, expect, test } from "vitest";
import { openDataset } from "../../datasets/index.ts";

const root = join(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "compare-"));

function run(...args: string[]) {
  const argv = ["--import", "tsx", "scripts/compare.ts", ...args];
  return spawnSync(process.execPath, argv, { cwd: root, encoding: "utf8", timeout: 170_000 });
}

/** A folder for each of two classes, with a clip of each of their first sources. */
async function twoClasses(): Promise<string> {
  const { folder: samples, rows } = await openDataset("samples");
  const data = join(folder, "sounds");
  for (const name of ["dog", "rain"]) {
    const ofClass = rows.filter(({ labels }) => labels.class === name);
    const bySource = new Map(ofClass.map((row) => [row.clusterId, row]));
    mkdirSync(join(data, name), { recursive: true });
    for (const { path } of [...bySource.values()].slice(0, 8)) {
      cpSync(join(samples, path), join(data, name, basename(path)));
    }
  }
  return data;
}

describe("npm run compare", () => {
  test("compares two arms on a folder, says what it found, and keeps record and report", async () => {
    const data = await twoClasses();
    const arms = ["--a", "wav2vec2-tiny", "--b", "fbank", "--data", data];
    const asked = [...arms, "--out", join(folder, "runs"), "--name", "two-classes", "--no-cost"];
    const first = run(...asked, "--require", "better");
    expect(first.stderr).not.toContain("compare: ");
    expect(first.stdout).toMatch(/wav2vec2-tiny .* fbank on linear, accuracy/);
    expect([0, 3]).toContain(first.status);
    const [, report = ""] = /^report: (.*)$/m.exec(first.stdout) ?? [];
    expect(existsSync(report)).toBe(true);
    // The same study again is the same record.
    const again = run(...asked);
    expect(again.stdout).toContain("(sealed before)");
    expect(again.status).toBe(0);
  }, 180_000);

  test.each([
    [["--a", "fbank"], "--a and --b are needed"],
    [["--a", "fbank", "--b", "mfcc-20", "--task", "guess"], 'there is no task "guess"'],
    [["--a", "fbank", "--b", "mfcc-20", "--claim", "worse"], "--claim is one of"],
    [["--a", "fbank", "--b", "mfcc-20", "--margin", "0"], "--margin is a share"],
    [["--a", "fbank", "--b", "mfcc-20", "--require", "best"], "--require is one of"],
    [["--a", "fbank", "--b", "mfcc-20", "--cost-incarnations", "0"], "--cost-incarnations is a"],
    [["--speed"], "--speed"],
  ])("refuses %j with exit code 2 and its usage", (args, said) => {
    const { status, stderr } = run(...args);
    expect(status).toBe(2);
    expect(stderr).toContain(said);
    expect(stderr).toContain("usage: npm run compare");
  });

  test("says which data sets there are when it knows none of the name", () => {
    const { status, stderr } = run("--a", "fbank", "--b", "mfcc-20", "--data", "/nowhere");
    expect(status).toBe(1);
    expect(stderr).toContain("/nowhere");
  });
});
