import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { JOURNAL, readJournal } from "../../../records/run/journal.ts";
import { openRun } from "../../../records/run/open-run.ts";
import type { RunDirectory } from "../../../records/run/run-directory.ts";
import { verifySeal } from "../../../records/run/seal.ts";
import { killRounds } from "./kill-rounds.ts";
import {
  CHUNKS,
  closed,
  FILE,
  makeOpening,
  makeParent,
  makeSealedRun,
  rowsOf,
  writeChunks,
} from "./make-opening.ts";

describe("a process that is killed while it writes", () => {
  const script = join(import.meta.dirname, "write-run.ts");

  /** Starts it and kills it with -9 once it has said that this many chunks are on the disk. */
  async function killAfter(parent: string, chunks: number): Promise<string[]> {
    const child = spawn(process.execPath, ["--no-warnings", script, parent], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    const said: string[] = [];
    for await (const line of createInterface({ input: child.stdout })) {
      said.push(line);
      if (said.length === chunks + 1) child.kill("SIGKILL");
    }
    await ended;
    return said;
  }

  it("has lost nothing that it was told to have, doubled nothing, and goes on where it was", async () => {
    const parent = makeParent();
    const told = new Set<string>();
    const states: string[] = [];
    for (const chunks of [1, 3, 2, 5]) {
      const [state = "", ...said] = await killAfter(parent, chunks);
      states.push(state);
      for (const chunk of said) told.add(chunk);
    }
    expect(states).toEqual(["new", "resumed", "resumed", "resumed"]);
    const run = await openRun(parent, makeOpening());
    for (const chunk of told) expect(run.chunks).toContain(chunk);
    // What is on the disk is what is known, no more: it may be one chunk beyond what was told.
    expect(await run.rows(FILE)).toEqual([...run.chunks].flatMap(rowsOf));
    expect(await run.rows("cost.jsonl")).toEqual([...run.chunks].map((chunk) => ({ chunk })));
    await writeChunks(
      run,
      CHUNKS.filter((chunk) => !run.chunks.has(chunk)),
    );
    await run.seal({ accuracy: 0.5 });
    await run.close();
    const undisturbed = await makeSealedRun(makeParent());
    expect(readFileSync(join(run.folder, FILE))).toEqual(readFileSync(join(undisturbed, FILE)));
    await verifySeal(run.folder);
    const { entries } = await readJournal(run.folder, run.studyId);
    expect(entries.filter(({ kind }) => kind === "resumed")).toHaveLength(4);
  });
});

describe("processes that are killed at any moment", () => {
  it("lose no chunk that was acknowledged, and leave no row of another", async () => {
    expect(await killRounds(5, "test")).toMatchObject({ kills: 5, lost: 0, wrong: 0 });
  });
});

describe("a run that a crash cut off", () => {
  it("is whole after any number of bytes of its last chunk: there or not there, never in part", async () => {
    const parent = makeParent();
    const run = await openRun(parent, makeOpening());
    await writeChunks(run, CHUNKS.slice(0, 2));
    await run.close();
    const before = {
      rows: readFileSync(join(run.folder, FILE)),
      journal: readFileSync(join(run.folder, JOURNAL)),
    };
    const again = await openRun(parent, makeOpening());
    await writeChunks(again, CHUNKS.slice(2, 3));
    await again.close();
    const whole = {
      rows: readFileSync(join(run.folder, FILE)),
      journal: readFileSync(join(run.folder, JOURNAL)),
    };
    const put = (rows: Buffer, journal: Buffer): void => {
      writeFileSync(join(run.folder, FILE), rows);
      writeFileSync(join(run.folder, JOURNAL), journal);
    };
    for (let length = before.rows.length; length < whole.rows.length; length += 7) {
      put(whole.rows.subarray(0, length), before.journal);
      const back = await openRun(parent, makeOpening());
      expect(await back.rows(FILE)).toEqual(CHUNKS.slice(0, 2).flatMap(rowsOf));
      await back.close();
    }
    for (let length = before.journal.length; length <= whole.journal.length; length += 13) {
      put(whole.rows, whole.journal.subarray(0, length));
      const back = await openRun(parent, makeOpening());
      expect(await back.rows(FILE)).toEqual([...back.chunks].flatMap(rowsOf));
      await back.close();
    }
  }, 120_000);

  it("loses what was not finished, and nothing that somebody else put there", async () => {
    const parent = makeParent();
    const { folder } = await closed(openRun(parent, makeOpening()));
    mkdirSync(join(folder, "outcomes"));
    const unfinished = [FILE, "cost.jsonl", "results.json", "arms.json.tmp"];
    for (const path of [...unfinished, "notes.txt"]) writeFileSync(join(folder, path), "{}\n");
    await closed(openRun(parent, makeOpening()));
    expect(unfinished.filter((path) => existsSync(join(folder, path)))).toEqual([]);
    expect(existsSync(join(folder, "notes.txt"))).toBe(true);
  });

  it("begins anew where not even its opening was finished", async () => {
    const parent = makeParent();
    const { folder } = await closed(openRun(parent, makeOpening()));
    rmSync(join(folder, JOURNAL));
    rmSync(join(folder, "arms.json"));
    expect((await closed(openRun(parent, makeOpening()))).state).toBe("new");
  });

  it("is refused where rows that were acknowledged are gone or changed: no crash does that", async () => {
    const parent = makeParent();
    const run = await openRun(parent, makeOpening());
    await writeChunks(run, CHUNKS.slice(0, 3));
    await run.close();
    const path = join(run.folder, FILE);
    const rows = readFileSync(path, "utf8");
    writeFileSync(path, rows.replace("clip-1", "clip-9"));
    await expect(openRun(parent, makeOpening())).rejects.toThrow(
      `${FILE} has not the rows of chunk-0`,
    );
    writeFileSync(path, rows);
    truncateSync(path, rows.length - 40);
    await expect(openRun(parent, makeOpening())).rejects.toThrow(
      `${FILE} has not the rows of chunk-2`,
    );
    writeFileSync(path, rows);
    const journal = readFileSync(join(run.folder, JOURNAL), "utf8");
    writeFileSync(
      join(run.folder, JOURNAL),
      journal.replace('"chunk":"chunk-1"', '"chunk":"chunk-7"'),
    );
    await expect(openRun(parent, makeOpening())).rejects.toThrow(`${JOURNAL} line`);
    writeFileSync(join(run.folder, JOURNAL), journal);
    await (await openRun(parent, makeOpening())).close();
  });
});

describe("a crash while a run is sealed", () => {
  it("leaves a run that has all its rows, and can be sealed again", async () => {
    const parent = makeParent();
    const seal = async (): Promise<RunDirectory> => {
      const run = await openRun(parent, makeOpening());
      const work = { "a.0.npy": Buffer.from("numbers") };
      if (!run.chunks.has("chunk-0")) {
        await run.appendChunk("chunk-0", { [FILE]: rowsOf("chunk-0") }, work);
      }
      await run.seal({ accuracy: 0.5 });
      await run.close();
      return run;
    };
    const { folder } = await seal();
    rmSync(join(folder, "seal.json"));
    const again = await seal();
    expect(again).toMatchObject({ folder, state: "resumed" });
    await verifySeal(folder);
  });
});
