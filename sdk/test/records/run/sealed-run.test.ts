import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { JOURNAL } from "../../../records/run/journal.ts";
import { openRun } from "../../../records/run/open-run.ts";
import { readRun } from "../../../records/run/read-run.ts";
import { verifySeal } from "../../../records/run/seal.ts";
import {
  CHUNKS,
  closed,
  FILE,
  makeMachine,
  makeOpening,
  makeParent,
  makeSealedRun,
  rowsOf,
  writeChunks,
} from "./make-opening.ts";

describe("a sealed run", () => {
  it("is found again, and takes nothing more", async () => {
    const parent = makeParent();
    const folder = await makeSealedRun(parent);
    const run = await openRun(parent, makeOpening());
    expect(run).toMatchObject({ state: "sealed", folder });
    expect([...run.chunks]).toEqual(CHUNKS);
    expect(await run.rows(FILE)).toEqual(CHUNKS.flatMap(rowsOf));
    await expect(run.appendChunk("more", {})).rejects.toMatchObject({ code: "run_sealed" });
    await expect(run.seal({})).rejects.toMatchObject({ code: "run_sealed" });
    await run.close();
    expect((await closed(openRun(parent, makeOpening(), { fresh: true }))).folder).toBe(
      `${folder}-2`,
    );
  });

  it("leaves other conditions a folder of their own", async () => {
    const parent = makeParent();
    const folder = await makeSealedRun(parent);
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
    const whole = await makeSealedRun(makeParent());
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
    const folder = await makeSealedRun(makeParent());
    const saved = await readRun(folder);
    expect(saved).toMatchObject({
      study: makeOpening().study,
      data: makeOpening().data,
      schedule: makeOpening().schedule,
      manifest: makeOpening().manifest,
      rows: { [FILE]: CHUNKS.flatMap(rowsOf) },
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
    await writeChunks(run, CHUNKS.slice(0, 1));
    expect(await readRun(run.folder)).toMatchObject({
      rows: { [FILE]: rowsOf("chunk-0") },
      results: null,
      seal: null,
    });
    await run.close();
  });

  it("may have a report and exports beside it, which can be made again", async () => {
    const folder = await makeSealedRun(makeParent());
    writeFileSync(join(folder, "report.html"), "<p>");
    mkdirSync(join(folder, "export"));
    writeFileSync(join(folder, "export", "outcomes.csv"), "a\n");
    const { root } = await verifySeal(folder);
    expect(root).toMatch(/^[0-9a-f]{64}$/);
  });
});
