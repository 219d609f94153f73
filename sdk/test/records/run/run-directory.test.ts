import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";
import { bundleOf } from "../../../display/index.ts";
import { canonicalJson, sha256 } from "../../../records/run/canonical-json.ts";
import { JOURNAL, readJournal } from "../../../records/run/journal.ts";
import { openRun } from "../../../records/run/open-run.ts";
import { readRun } from "../../../records/run/read-run.ts";
import type { RunDirectory } from "../../../records/run/run-directory.ts";
import { verifySeal } from "../../../records/run/seal.ts";
import { killRounds } from "./kill-rounds.ts";
import { CHUNKS, FILE, makeMachine, makeOpening, makeParent, rowsOf } from "./make-opening.ts";

const allRows = CHUNKS.flatMap(rowsOf);

async function write(run: RunDirectory, chunks: readonly string[]): Promise<void> {
  for (const chunk of chunks) await run.appendChunk(chunk, { [FILE]: rowsOf(chunk) });
}

/** A whole run in a folder of its own. */
async function makeRun(
  parent: string,
  change: Parameters<typeof makeOpening>[0] = {},
): Promise<string> {
  const run = await openRun(parent, makeOpening(change));
  await write(run, CHUNKS);
  await run.seal({ accuracy: 0.5 }, { loadAverage: [2] });
  await run.close();
  return run.folder;
}

describe("a run", () => {
  it("has its opening on the disk before the first clip, named after the digest of its design", async () => {
    const run = await openRun(makeParent(), makeOpening());
    expect(run.state).toBe("new");
    expect(run.studyId).toBe(sha256(canonicalJson(makeOpening().study)));
    expect(run.folder).toMatch(new RegExp(`/a-b-${run.studyId.slice(0, 8)}$`));
    expect(readdirSync(run.folder).sort()).toEqual([
      "arms.json",
      "data.json",
      JOURNAL,
      "machine.json",
      "manifest.jsonl",
      "schedule.json",
      "study.json",
    ]);
    expect(sha256(readFileSync(join(run.folder, "study.json")))).toBe(run.studyId);
    await run.close();
  });

  it("keeps rows in the order of their chunks, and refuses a chunk twice", async () => {
    const run = await openRun(makeParent(), makeOpening());
    await Promise.all(CHUNKS.map((chunk) => run.appendChunk(chunk, { [FILE]: rowsOf(chunk) })));
    expect(await run.rows(FILE)).toEqual(allRows);
    expect([...run.chunks]).toEqual(CHUNKS);
    await expect(run.appendChunk("chunk-0", {})).rejects.toMatchObject({ code: "run_changed" });
    await expect(run.note("bad", { load: Number.NaN })).rejects.toThrow("a finite number");
    await expect(run.note("bad", { at: "noon" })).rejects.toThrow("of another name");
    for (const path of ["../out.jsonl", "outcomes/a/b.jsonl", "study.json"]) {
      await expect(run.appendChunk("other", { [path]: [] })).rejects.toThrow("`file`");
    }
    await run.appendChunk("later", {}); // the refusals broke nothing
    expect((await bundleOf(run))["text/plain"]).toMatch(
      new RegExp(`chunks +${CHUNKS.length + 1}\\b`),
    );
    await run.close();
  });

  it("is written by one process at a time", async () => {
    const parent = makeParent();
    const run = await openRun(parent, makeOpening());
    await expect(openRun(parent, makeOpening())).rejects.toMatchObject({ code: "run_locked" });
    await run.close();
    await (await openRun(parent, makeOpening())).close();
  });

  it("does not begin with a value that JSON would change", async () => {
    const parent = makeParent();
    await expect(openRun(parent, makeOpening({ study: { seed: Number.NaN } }))).rejects.toThrow(
      "study.seed",
    );
    await expect(openRun(parent, makeOpening({ name: "../a" }))).rejects.toThrow("`name`");
    await expect(openRun(parent, makeOpening({ manifest: [] }))).rejects.toThrow("at least one");
    expect(readdirSync(parent)).toEqual([]);
  });
});

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
    await write(
      run,
      CHUNKS.filter((chunk) => !run.chunks.has(chunk)),
    );
    await run.seal({ accuracy: 0.5 });
    await run.close();
    const undisturbed = await makeRun(makeParent());
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

describe("a disk that is full", () => {
  it("is a typed error; what was acknowledged is there, and the run goes on when there is room", async ({
    skip,
  }) => {
    const disk = makeParent();
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=400k", "tmpfs", disk]);
    if (mount.status !== 0) skip(`no small disk can be mounted here: ${mount.stderr ?? ""}`);
    try {
      const ballast = join(disk, "ballast");
      writeFileSync(ballast, Buffer.alloc(200_000));
      const rows = (chunk: string): object[] => [{ clip: chunk, text: "x".repeat(10_000) }];
      const run = await openRun(disk, makeOpening());
      const kept: string[] = [];
      const failures: unknown[] = [];
      for (const chunk of CHUNKS) {
        await run.appendChunk(chunk, { [FILE]: rows(chunk) }).then(
          () => kept.push(chunk),
          (error: unknown) => failures.push(error),
        );
      }
      await run.close();
      expect(kept.length).toBeGreaterThan(1);
      expect(failures.length).toBe(CHUNKS.length - kept.length);
      for (const failure of failures) expect(failure).toMatchObject({ code: "run_unwritable" });
      rmSync(ballast);
      const again = await openRun(disk, makeOpening());
      expect([...again.chunks]).toEqual(kept);
      expect(await again.rows(FILE)).toEqual(kept.flatMap(rows));
      for (const chunk of CHUNKS.slice(kept.length)) {
        await again.appendChunk(chunk, { [FILE]: rows(chunk) });
      }
      expect(await again.rows(FILE)).toEqual(CHUNKS.flatMap(rows));
      await again.close();
    } finally {
      spawnSync("umount", [disk]);
    }
  });

  it("or a folder without rights is told before anything is measured", async () => {
    const parent = makeParent();
    writeFileSync(join(parent, "file"), "");
    const opening = openRun(join(parent, "file"), makeOpening());
    await expect(opening).rejects.toThrow("EEXIST");
  });
});

describe("a run that a crash cut off", () => {
  it("is whole after any number of bytes of its last chunk: there or not there, never in part", async () => {
    const parent = makeParent();
    const run = await openRun(parent, makeOpening());
    await write(run, CHUNKS.slice(0, 2));
    await run.close();
    const before = {
      rows: readFileSync(join(run.folder, FILE)),
      journal: readFileSync(join(run.folder, JOURNAL)),
    };
    const again = await openRun(parent, makeOpening());
    await write(again, CHUNKS.slice(2, 3));
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
    await write(run, CHUNKS.slice(0, 3));
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

async function closed(opening: Promise<RunDirectory>): Promise<RunDirectory> {
  const run = await opening;
  await run.close();
  return run;
}

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

describe("an unfinished run under other conditions", () => {
  it.each([
    [
      "dtype of an arm",
      {
        arms: {
          a: { model: "gama-tiny", dtype: "bfloat16" },
          b: { model: "fbank", dtype: "float32" },
        },
      },
      'arms.a.dtype: "float32" then, "bfloat16" now',
    ],
    ["threads", { machine: makeMachine({ threads: 1 }) }, "machine.threads: 2 then, 1 now"],
    ["code", { machine: makeMachine({ code: "def" }) }, "machine.code"],
    ["samples of a clip", { manifest: [{ id: "clip-0", sha256: "0", pcm: "other" }] }, "data.root"],
    ["chunks", { schedule: { chunks: ["one"] } }, "schedule.chunks"],
  ])("is refused by name: %s; `fresh` begins another", async (_what, change, told) => {
    const parent = makeParent();
    const { folder } = await closed(openRun(parent, makeOpening()));
    const refused = openRun(parent, makeOpening(change));
    await expect(refused).rejects.toMatchObject({ code: "run_changed" });
    await expect(refused).rejects.toThrow(told);
    const other = await closed(openRun(parent, makeOpening(change), { fresh: true }));
    expect(other.folder).toBe(`${folder}-2`);
  });

  it("goes on where only date and load are others", async () => {
    const parent = makeParent();
    await closed(openRun(parent, makeOpening()));
    const machine = makeMachine({ date: "later", loadAverage: [7] });
    expect((await closed(openRun(parent, makeOpening({ machine })))).state).toBe("resumed");
  });
});

describe("a sealed run", () => {
  it("is found again, and takes nothing more", async () => {
    const parent = makeParent();
    const folder = await makeRun(parent);
    const run = await openRun(parent, makeOpening());
    expect(run).toMatchObject({ state: "sealed", folder });
    expect([...run.chunks]).toEqual(CHUNKS);
    expect(await run.rows(FILE)).toEqual(allRows);
    await expect(run.appendChunk("more", {})).rejects.toMatchObject({ code: "run_sealed" });
    await expect(run.seal({})).rejects.toMatchObject({ code: "run_sealed" });
    await run.close();
    expect((await closed(openRun(parent, makeOpening(), { fresh: true }))).folder).toBe(
      `${folder}-2`,
    );
  });

  it("leaves other conditions a folder of their own", async () => {
    const parent = makeParent();
    const folder = await makeRun(parent);
    const other = await closed(
      openRun(parent, makeOpening({ machine: makeMachine({ threads: 1 }) })),
    );
    expect(other).toMatchObject({ state: "new", folder: `${folder}-2` });
  });

  it("has no features left, but those that were to be kept", async () => {
    for (const keepFeatures of [false, true]) {
      const run = await openRun(makeParent(), makeOpening());
      await run.appendChunk(
        "chunk-0",
        { [FILE]: rowsOf("chunk-0") },
        { "a.0.npy": Buffer.from("numbers") },
      );
      await run.seal({}, {}, { keepFeatures });
      await run.close();
      expect(existsSync(join(run.folder, "work/a.0.npy"))).toBe(keepFeatures);
      await verifySeal(run.folder);
    }
  });

  const tamper: Readonly<Record<string, (folder: string) => void>> = {
    [`${FILE} was changed`]: (folder) => appendFileSync(join(folder, FILE), "\n"),
    "data.json was changed": (folder) => writeFileSync(join(folder, "data.json"), "{}"),
    "results.json is missing": (folder) => rmSync(join(folder, "results.json")),
    "outcomes/more.jsonl was added after the sealing": (folder) =>
      writeFileSync(join(folder, "outcomes/more.jsonl"), ""),
    "journal.jsonl was changed": (folder) => truncateSync(join(folder, JOURNAL), 100),
    "seal.json: qualityKey was changed": (folder) => {
      const path = join(folder, "seal.json");
      writeFileSync(
        path,
        readFileSync(path, "utf8").replace(/"qualityKey":"..../, '"qualityKey":"0000'),
      );
    },
    "seal.json is no seal": (folder) => writeFileSync(join(folder, "seal.json"), "null"),
    "seal.json is no JSON": (folder) => writeFileSync(join(folder, "seal.json"), "{"),
    "seal.json cannot be read: ENOENT": (folder) => rmSync(join(folder, "seal.json")),
  };

  it("names what was changed, taken away or added", async () => {
    const whole = await makeRun(makeParent());
    for (const [fault, act] of Object.entries(tamper)) {
      const folder = join(makeParent(), "copy");
      cpSync(whole, folder, { recursive: true });
      await verifySeal(folder);
      act(folder);
      await expect(verifySeal(folder), fault).rejects.toMatchObject({ code: "run_damaged" });
      await expect(verifySeal(folder)).rejects.toThrow(fault);
    }
  });

  it("is read whole, without a model; a changed one is refused", async () => {
    const folder = await makeRun(makeParent());
    const saved = await readRun(folder);
    expect(saved).toMatchObject({
      study: makeOpening().study,
      data: makeOpening().data,
      schedule: makeOpening().schedule,
      manifest: makeOpening().manifest,
      rows: { [FILE]: allRows },
      results: { accuracy: 0.5 },
      seal: { studyId: saved.studyId, dataRoot: saved.data["root"] },
    });
    expect(saved.journal.map(({ kind }) => kind)).toEqual([
      "opened",
      ...CHUNKS.map(() => "chunk"),
      "finished",
    ]);
    appendFileSync(join(folder, FILE), "{}\n");
    await expect(readRun(folder)).rejects.toThrow(`${FILE} was changed`);
  });

  it("that is not sealed yet has no results", async () => {
    const run = await openRun(makeParent(), makeOpening());
    await write(run, CHUNKS.slice(0, 1));
    expect(await readRun(run.folder)).toMatchObject({
      rows: { [FILE]: rowsOf("chunk-0") },
      results: null,
      seal: null,
    });
    await run.close();
  });

  it("may have a report and exports beside it, which can be made again", async () => {
    const folder = await makeRun(makeParent());
    writeFileSync(join(folder, "report.html"), "<p>");
    mkdirSync(join(folder, "export"));
    writeFileSync(join(folder, "export", "outcomes.csv"), "a\n");
    const { root } = await verifySeal(folder);
    expect(root).toMatch(/^[0-9a-f]{64}$/);
  });
});
