import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../errors.ts";
import { formatRecord, formatRows } from "../../records/format-record.ts";
import { isMet, type RecordContent, readRecord, writeRecord } from "../../records/record.ts";

const folder = mkdtempSync(join(tmpdir(), "records-"));
const content: RecordContent = {
  question: "Is a faster than b?",
  rows: [
    { way: "a", ms: 1.23456, rounds: 31 },
    { way: "b", ms: 1000, rounds: 31, note: null },
  ],
  targets: [
    { name: "ratio", value: 810, goal: 20, better: "higher" },
    { name: "ms", value: 2, goal: 1, better: "lower" },
  ],
  notes: ["One machine."],
};

describe("writeRecord", () => {
  it("writes question, rows, targets and the environment, and reads the same back", async () => {
    const record = await writeRecord("a-b", content, { folder });
    expect(JSON.parse(readFileSync(join(folder, "a-b.json"), "utf8"))).toEqual(record);
    expect(await readRecord("a-b", folder)).toEqual(record);
    expect(record).toMatchObject({ name: "a-b", ...content });
    const { environment } = record;
    // Null where git does not answer: no repository, or one without a commit.
    const git = (...args: string[]): string | null => {
      const { status, stdout } = spawnSync("git", args, { encoding: "utf8" });
      return status === 0 ? stdout.trim() : null;
    };
    expect(environment.commit).toBe(git("rev-parse", "HEAD"));
    const changes = git("status", "--porcelain", "--untracked-files=no");
    expect(environment.isDirty).toBe(changes === null ? null : changes !== "");
    expect(environment.versions["node"]).toBe(process.versions.node);
    expect(Date.parse(environment.date)).toBeLessThanOrEqual(Date.now());
    expect(environment.loadAverage).toHaveLength(3);
    expect(environment.cores).toBeGreaterThan(0);
  });

  it("names no folder of this machine", async () => {
    await writeRecord("paths", content, { folder });
    expect(readFileSync(join(folder, "paths.json"), "utf8")).not.toContain(process.cwd());
  });

  it.each(["../escape", "A b", "", "x.json"])("refuses the name %j", async (name) => {
    await expect(writeRecord(name, content, { folder })).rejects.toThrow(InvalidArgumentError);
  });

  it("refuses a number that JSON would turn into null", async () => {
    const rows = [{ ms: Number.NaN }];
    await expect(writeRecord("nan", { ...content, rows }, { folder })).rejects.toThrow("`ms`");
  });
});

describe("readRecord", () => {
  it("says that there is no record of a name, and where it looked", async () => {
    await expect(readRecord("nope", folder)).rejects.toThrow(InvalidArgumentError);
    await expect(readRecord("nope", folder)).rejects.toThrow(`a record in ${folder}`);
  });
});

describe("isMet", () => {
  it("counts the goal itself as met, either way", () => {
    const target = { name: "x", value: 1, goal: 1 };
    expect(isMet({ ...target, better: "lower" })).toBe(true);
    expect(isMet({ ...target, better: "higher" })).toBe(true);
    expect(isMet({ ...target, value: 2, better: "lower" })).toBe(false);
    expect(isMet({ ...target, value: 0, better: "higher" })).toBe(false);
  });
});

describe("a target that was not measured", () => {
  const absent = { name: "peer / ours", value: null, goal: 3, reason: "no peer" } as const;

  it("is not met, whichever way is better", () => {
    expect(isMet({ ...absent, better: "lower" })).toBe(false);
    expect(isMet({ ...absent, better: "higher" })).toBe(false);
  });

  it("stands in the record as missed, with the reason", async () => {
    const targets = [{ ...absent, better: "higher" }] as const;
    const written = await writeRecord("absent", { ...content, targets }, { folder });
    expect(formatRecord(written)).toMatch(
      /peer \/ ours +\| – +\| ≥ 3 +\| NO, not measured: no peer/,
    );
    expect((await readRecord("absent", folder)).targets).toEqual(targets);
  });
});

describe("formatRows", () => {
  it("aligns numbers to the right and rounds them to four digits", () => {
    expect(formatRows(content.rows).split("\n")).toEqual([
      "| way |    ms | rounds | note |",
      "| --- | ----: | -----: | ---- |",
      "| a   | 1.235 |     31 | –    |",
      "| b   |  1000 |     31 | –    |",
    ]);
  });

  it("of nothing is nothing", () => {
    expect(formatRows([])).toBe("");
  });
});

describe("formatRecord", () => {
  it("shows which targets were met, and on what machine", async () => {
    const text = formatRecord(await writeRecord("a-b", content, { folder }));
    expect(text).toContain("Is a faster than b?");
    expect(text).toMatch(/ratio +\| +810 \| ≥ 20 +\| yes/);
    expect(text).toMatch(/ms +\| +2 \| ≤ 1 +\| NO/);
    expect(text).toContain(`node ${process.versions.node}`);
    expect(text).toContain("One machine.");
  });
});
