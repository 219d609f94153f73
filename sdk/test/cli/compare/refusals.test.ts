import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { type CliResult, runCli } from "../run-cli.ts";
import { makeSounds } from "./make-sounds.ts";

const folder = mkdtempSync(join(tmpdir(), "compare-refusals-"));
const compare = (...args: string[]): CliResult => runCli(["compare", ...args]);
const PAIR = ["--a", "wav2vec2-tiny", "--b", "fbank"] as const;
const HERE = ["--out", join(folder, "runs")] as const;

afterAll(() => rmSync(folder, { recursive: true }));

describe("grym-synth compare", () => {
  test.each([
    [["--a", "fbank"], "--a and --b are needed"],
    [["replay"], "name one run's folder, got 0"],
    [["diff", folder, folder], "is no folder of a run: it has no study.json"],
    [["export", folder, "--xml"], "--xml"],
  ])("does not understand %j, and prints its usage", (args, said) => {
    const { status, stdout, stderr } = compare(...args);
    expect([status, stdout]).toEqual([2, ""]);
    expect(stderr).toContain(said);
    expect(stderr).toContain("Usage: grym-synth compare --a MODEL --b MODEL");
  });

  test("tells all of its options and exit codes when asked", () => {
    const { status, stdout } = compare("--help");
    expect(status).toBe(0);
    expect(stdout).toContain("--template TEXT");
    expect(stdout).toContain("exit codes: 0 done");
  });

  test("says which data sets there are when it knows none of the name", () => {
    const { status, stderr } = compare(...PAIR, "--data", "/nowhere");
    expect(status).toBe(1);
    expect(stderr).toContain("/nowhere");
    expect(stderr).toContain("audiofolder");
  });

  test("says which models there are when it knows none of the name", async () => {
    const data = await makeSounds(join(folder, "sounds"), ["dog", "rain"]);
    const { status, stderr } = compare("--a", "gama-huge", "--b", "fbank", "--data", data);
    expect(status).toBe(1);
    expect(stderr).toContain("no model 'gama-huge'");
    expect(stderr).toContain("gama-tiny");
  });

  test("says that no model of zero-shot can choose among words", async () => {
    const data = await makeSounds(join(folder, "worded"), ["dog", "rain"]);
    const arms = ["--a", "fbank", "--b", "mfcc-20", "--data", data];
    const { status, stderr } = compare(...arms, ...HERE, "--task", "zero-shot");
    expect(status).toBe(1);
    expect(stderr).toContain("a model that scores words");
  });

  test("needs a label that clips have", async () => {
    const data = await makeSounds(join(folder, "one"), ["dog"]);
    const { status, stderr } = compare(...PAIR, ...HERE, "--data", data, "--label", "mood");
    expect(status).toBe(1);
    expect(stderr).toContain("Expected `label of linear` to be one that clips of one have");
  });

  test("refuses folds of one's own where the data has its own, with exit code 4", async () => {
    const data = await makeSounds(join(folder, "folded"), ["dog", "rain"], (rows) =>
      rows.map((row, at) => ({ ...row, fold: at % 3 })),
    );
    const { status, stderr } = compare(...PAIR, ...HERE, "--data", data, "--folds", "4");
    expect(status).toBe(4);
    expect(stderr).toContain('refused: Expected `folds` to be "official"');
  });

  test("refuses one sound under the names of two sources, with exit code 4", async () => {
    let twin = "";
    const data = await makeSounds(join(folder, "leaking"), ["dog", "rain"], (rows) => {
      const [first, ...others] = rows;
      if (first === undefined) throw new Error("there are no sounds");
      twin = first.file_name;
      return [first, ...others, { ...first, file_name: "again.flac", source: "somebody else" }];
    });
    copyFileSync(join(data, twin), join(data, "again.flac"));
    const { status, stderr } = compare(...PAIR, ...HERE, "--data", data);
    expect(status).toBe(4);
    expect(stderr).toContain("refused: leaking cannot be split like this: one file, in source");
  }, 120_000);
});

describe("a study file", () => {
  test.each([
    [
      "no default",
      "export const study = {};",
      ": it exports study; a study file has a default export",
    ],
    [
      "code that throws",
      "\n\nconst nobody: any = null;\nexport default nobody!.name;",
      ":4: it does not load: ",
    ],
    [
      "a function that throws",
      'export default () => {\n  throw new Error("no sounds");\n};',
      ":2: its function threw: no sounds",
    ],
    ["a mistake of syntax", "export default {\n  name: ;\n};", ":2: it does not load: "],
    ["no file", undefined, ": there is no such file"],
  ])("with %s is told by its path, and its line where there is one", (what, text, said) => {
    const file = join(folder, `${what.replaceAll(" ", "-")}.ts`);
    if (text !== undefined) writeFileSync(file, text);
    const { status, stderr } = compare(file);
    expect(status).toBe(1);
    expect(stderr).toContain(`grym-synth compare: ${file}${said}`);
  });
});
