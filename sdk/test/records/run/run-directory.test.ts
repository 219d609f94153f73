import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { bundleOf } from "../../../display/index.ts";
import { readEnvironment } from "../../../records/environment.ts";
import { canonicalJson, sha256 } from "../../../records/run/canonical-json.ts";
import { JOURNAL } from "../../../records/run/journal.ts";
import { openRun } from "../../../records/run/open-run.ts";
import { readRun } from "../../../records/run/read-run.ts";
import {
  CHUNKS,
  closed,
  FILE,
  makeMachine,
  makeOpening,
  makeParent,
  rowsOf,
} from "./make-opening.ts";

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

  it("takes the environment of this machine as it is", async () => {
    const machine = await readEnvironment();
    const run = await closed(openRun(makeParent(), makeOpening({ machine })));
    expect((await readRun(run.folder)).machine).toEqual(machine);
  });

  it("keeps rows in the order of their chunks, and refuses a chunk twice", async () => {
    const run = await openRun(makeParent(), makeOpening());
    await Promise.all(CHUNKS.map((chunk) => run.appendChunk(chunk, { [FILE]: rowsOf(chunk) })));
    expect(await run.rows(FILE)).toEqual(CHUNKS.flatMap(rowsOf));
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
