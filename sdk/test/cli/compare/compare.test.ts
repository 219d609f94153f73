import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  existsSync,
  globSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import type { RunDifference } from "../../../compare/index.ts";
import type { StudyResults } from "../../../compare/results-types.ts";
import { sealFiles } from "../../../records/run/seal.ts";
import { BIN, type CliResult, runCli } from "../run-cli.ts";
import { makeSounds } from "./make-sounds.ts";

const folder = mkdtempSync(join(tmpdir(), "compare-test-"));
const out = join(folder, "runs");
const compare = (...args: string[]): CliResult => runCli(["compare", ...args]);

/** What `--json` prints of a study. */
interface Printed {
  readonly folder: string;
  readonly state: string;
  readonly report: string;
  readonly results: StudyResults;
}

let data: string;
let asked: string[];
let first: CliResult;
let printed: Printed;

beforeAll(async () => {
  // The last clip has no label.
  data = await makeSounds(join(folder, "sounds"), ["mallets", "bass"], (rows) =>
    rows.map((row, at) => {
      const { label: _, ...bare } = row;
      return at === rows.length - 1 ? bare : row;
    }),
  );
  asked = [
    ...["--a", "wav2vec2-tiny", "--b", "gama-tiny", "--data", data, "--out", out],
    ...["--task", "knn,zero-shot", "--template", "the sound of {}", "--layer-a", "hidden.2"],
    ...["--folds", "4", "--pooling", "mean_std", "--claim", "not-worse", "--margin", "0.3"],
    ...["--seed", "5", "--name", "two-classes", "--no-cost", "--json"],
  ];
  first = compare(...asked, "--require", "not-worse");
  printed = JSON.parse(first.stdout) as Printed;
}, 240_000);
afterAll(() => rmSync(folder, { recursive: true }));

/** The run under another name, to be spoilt. */
function copyRun(name: string): string {
  const copy = join(folder, name);
  cpSync(printed.folder, copy, { recursive: true });
  return copy;
}

describe("grym-synth compare", () => {
  test("prints one JSON document, and answers --require by its exit code", () => {
    const [verdict] = printed.results.verdicts;
    expect(verdict).toMatchObject({ family: "primary", margin: 0.3, metric: "accuracy" });
    expect(first.status).toBe(verdict?.supports.includes("not worse") ? 0 : 3);
    expect(printed.results.question).toMatch(/^Is wav2vec2-tiny not worse than gama-tiny on /);
    expect(existsSync(printed.report)).toBe(true);
  });

  test("hands its flags on: layers, pooling, folds, seed, words for the arm that can choose among them", () => {
    const { arms, tasks, seed } = printed.results;
    expect(seed).toBe(5);
    const reads = Object.fromEntries(arms.map((arm) => [arm.id, arm.reads]));
    expect(reads["wav2vec2-tiny"]).toBe("features: layer hidden.2, mean_std");
    expect(reads["gama-tiny-words"]).toBe(
      'score: sum over 2 candidates, "What is the main sound?"',
    );
    expect(tasks.map(({ task, folds }) => [task, folds?.count])).toEqual([
      ["knn", 4],
      ["zero-shot", undefined],
    ]);
    expect(tasks[1]?.arms.map(({ arm }) => arm)).toEqual([
      "gama-tiny-words",
      "gama-tiny-words-random",
    ]);
    expect(readFileSync(join(printed.folder, "study.json"), "utf8")).toContain(
      '"candidates":{"bass":"the sound of bass","mallets":"the sound of mallets"}',
    );
  });

  test("names the clip without a label as left out of the study, in results and report", () => {
    const { excluded, clips } = printed.results.data;
    expect(clips).toBe(11);
    expect(excluded).toMatchObject([{ reason: "no `class`", tasks: ["knn", "zero-shot"] }]);
    const page = readFileSync(printed.report, "utf8");
    expect(page).toContain("Clips left out");
    expect(page).toContain(excluded[0]?.id);
  });

  test("tells licence and citation of the models as their cards do, and cites them", () => {
    const arms = new Map(printed.results.arms.map((arm) => [arm.id, arm]));
    expect(arms.get("gama-tiny")).toMatchObject({ licence: "apache-2.0", card: "README.md" });
    expect(arms.get("wav2vec2-tiny-random")?.citation).toContain("@inproceedings{baevski-2020");
    expect(arms.get("fbank")).toMatchObject({ licence: null, citation: null });
    expect(arms.get("fbank")?.card).toContain("nobody's weights");
    expect(readFileSync(printed.report, "utf8")).toContain("@inproceedings{ghosh-2024-gama");
  });

  test("replay: every number is the same; one that does not follow from the rows is named, exit code 1", async () => {
    const same = compare("replay", printed.folder);
    expect([same.status, same.stdout]).toEqual([0, expect.stringContaining("same to the bit")]);
    const forged = copyRun("forged");
    const path = join(forged, "results.json");
    writeFileSync(path, readFileSync(path, "utf8").replace('"level":0.95', '"level":0.94'));
    await sealFiles(forged);
    const other = compare("replay", forged);
    expect(other.status).toBe(1);
    expect(other.stdout).toContain("level: 0.94, 0.95");
  }, 120_000);

  test("report and export write where they are told, of a run that is as it was sealed", () => {
    const page = join(folder, "page.html");
    const report = compare("report", printed.folder, "--audio", data, "--to", page);
    expect([report.status, report.stdout]).toEqual([0, expect.stringContaining(page)]);
    expect(readFileSync(page, "utf8")).toContain("<audio ");
    const to = join(folder, "tables");
    const exported = compare("export", printed.folder, "--csv", "--to", to, "--json");
    expect(JSON.parse(exported.stdout)).toEqual({ files: [join(to, "outcomes.csv")] });
    expect(readFileSync(join(to, "outcomes.csv"), "utf8").split("\n")).toHaveLength(2 + 8 * 11);
  });

  test("rows of a run that is not sealed are exported, and that more may come is said", () => {
    const open = copyRun("open");
    rmSync(join(open, "seal.json"));
    const { status, stdout, stderr } = compare("export", open, "--csv");
    expect([status, stdout]).toEqual([0, expect.stringContaining("outcomes.csv")]);
    expect(stderr).toContain("The run is not sealed");
  });

  test("a run of which a file was changed is told by name, whatever is asked of it", () => {
    const damaged = copyRun("damaged");
    appendFileSync(join(damaged, "outcomes", "knn.gama-tiny.jsonl"), "{}\n");
    for (const verb of ["replay", "report", "export"]) {
      const { status, stderr } = compare(verb, damaged);
      expect([verb, status]).toEqual([verb, 1]);
      expect(stderr).toContain("outcomes/knn.gama-tiny.jsonl was changed");
    }
  });
});

describe("grym-synth compare STUDY.ts", () => {
  test("is interrupted in good order, goes on with the same command, and differs from the other by its data", async () => {
    const sounds = await makeSounds(join(folder, "others"), ["cat", "bird"]);
    const file = join(folder, "study.ts");
    writeFileSync(
      file,
      `interface Tools { openDataset(spec: string): Promise<unknown> }
       export default async ({ openDataset }: Tools) => ({
         name: "of-a-file",
         question: "Does wav2vec2-tiny beat mel statistics?",
         data: await openDataset(${JSON.stringify(sounds)}),
         arms: [{ id: "wav2vec2-tiny", model: "wav2vec2-tiny", reads: { by: "features" } }],
         tasks: [{ kind: "linear" }],
         primary: [{ a: "wav2vec2-tiny", b: "fbank", task: "linear", metric: "accuracy", claim: "superior" }],
       });`,
    );
    const command = ["compare", file, "--out", out];
    const child = spawn(process.execPath, ["--no-warnings", BIN, ...command]);
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      said += text;
    });
    const ended = once(child, "close");
    await vi.waitUntil(() => hasChunk("of-a-file"), { timeout: 150_000, interval: 10 });
    child.kill("SIGINT");
    expect(await ended).toEqual([130, null]);
    expect(said).toContain("interrupted; the same command goes on");

    const again = runCli(command);
    expect(again.stdout).toMatch(/wav2vec2-tiny .* fbank on linear, accuracy/);
    const [, run = ""] = /^record: (.*)$/m.exec(again.stdout) ?? [];
    expect(readFileSync(join(run, "journal.jsonl"), "utf8")).toContain('"kind":"resumed"');
    const { status, stdout } = compare("diff", printed.folder, run, "--json");
    expect(status).toBe(0);
    const { quality, fields } = JSON.parse(stdout) as RunDifference;
    expect(quality).toContain("outcomes differ");
    expect(fields.map(({ path }) => path)).toEqual(
      expect.arrayContaining(["data.root", "study.tasks[0].kind"]),
    );
    const words = compare("diff", printed.folder, run).stdout;
    expect(words).toContain("Quality: ");
    expect(words).toContain(
      "manifest.jsonl: 0 changed, 11 only in the first, 12 only in the second",
    );
  }, 240_000);
});

/** Whether a chunk was heard, and is on the disk. */
function hasChunk(name: string): boolean {
  const [journal] = globSync(join(out, `${name}-*`, "journal.jsonl"));
  return journal !== undefined && readFileSync(journal, "utf8").includes('"kind":"chunk"');
}
