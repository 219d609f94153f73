import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { AudioClip } from "../../audio/audio-clip.ts";
import { runCli } from "./run-cli.ts";

const folder = mkdtempSync(join(tmpdir(), "embed-test-"));
const sounds = join(folder, "sounds");

beforeAll(() => {
  mkdirSync(sounds);
  for (const [index, frequency] of [220, 440, 880].entries()) {
    const samples = Float32Array.from(
      { length: 8000 },
      (_, n) => 0.5 * Math.sin((2 * Math.PI * frequency * n) / 16_000),
    );
    writeFileSync(join(sounds, `${index}.wav`), AudioClip.fromSamples(samples, 16_000).wav());
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

/** Shape as it stands in the header of an .npy file. */
function npyShape(path: string): string | undefined {
  return /'shape': \(([^)]*)\)/.exec(readFileSync(path, "latin1"))?.[1];
}

describe("grym-synth embed", () => {
  test("writes the features of a folder as NumPy, and says their shape", () => {
    const out = join(folder, "features.npy");
    const { status, stdout, stderr } = runCli(["embed", sounds, "--model", "fbank", "--out", out]);
    expect(status).toBe(0);
    const [, width] = /3 clips × (\d+) features/.exec(stdout) ?? [];
    expect(npyShape(out)).toBe(`3, ${width}`);
    expect(stderr).toContain("embedding with fbank 3/3 clips");
  });

  test("writes a row for each window where windows are asked for", () => {
    const out = join(folder, "windows.npy");
    const asked = ["embed", sounds, "--model", "fbank", "--out", out];
    const { stdout } = runCli([
      ...asked,
      "--window",
      "0.2",
      "--hop",
      "0.1",
      "--l2",
      "--layer",
      "0",
    ]);
    const [, rows] = /(\d+) windows × \d+ features/.exec(stdout) ?? [];
    expect(Number(rows)).toBeGreaterThan(3);
    expect(npyShape(out)).toMatch(new RegExp(`^${rows}, `));
  });

  test("writes Parquet", () => {
    const out = join(folder, "features.parquet");
    expect(runCli(["embed", sounds, "--model", "mfcc-20", "--out", out]).status).toBe(0);
    expect(readFileSync(out).subarray(0, 4).toString()).toBe("PAR1");
  });

  test("names the file that is no audio, keeps the others, and exits with 1", () => {
    writeFileSync(join(sounds, "broken.wav"), "no sound");
    const out = join(folder, "rest.npy");
    const { status, stderr } = runCli(["embed", sounds, "--model", "fbank", "--out", out]);
    rmSync(join(sounds, "broken.wav"));
    expect(status).toBe(1);
    expect(stderr).toContain("failed: broken.wav");
    expect(stderr).toContain("1 of 4 rows are NaN");
    expect(npyShape(out)).toMatch(/^4, /);
  });

  test("refuses a place that cannot be written to before it starts to work", () => {
    const out = join(folder, "nowhere", "x.npy");
    const { status, stderr } = runCli(["embed", sounds, "--model", "fbank", "--out", out]);
    expect(status).toBe(1);
    expect(stderr).toContain(`can be written (ENOENT), got "${out}"`);
    expect(stderr).not.toContain("embedding");
  });

  test("refuses a folder that is not there before it loads a model", () => {
    const { status, stderr } = runCli(["embed", "/nowhere", "--model", "fbank", "--out", "x.npy"]);
    expect(status).toBe(1);
    expect(stderr).toContain('a folder that exists, got "/nowhere"');
    expect(stderr).not.toContain("embedding");
  });

  test("says which models there are when it knows none of the name", () => {
    const { status, stderr } = runCli(["embed", sounds, "--model", "nope", "--out", "x.npy"]);
    expect(status).toBe(1);
    expect(stderr).toContain("fbank, mfcc-20");
  });
});
