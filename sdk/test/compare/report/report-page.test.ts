import { appendFileSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { encodeWav } from "../../../audio/wav.ts";
import { openReport, RunError, readRun, StudyReport, writeReport } from "../../../compare/index.ts";
import { bundleOf } from "../../../display/index.ts";
import { makeRun, pageOf, RESULTS, SAMPLES, sourceOf, textOf, withPrimary } from "./fixture.ts";

describe("the page of a report", () => {
  it("asks nothing of the network and runs no script", () => {
    const page = pageOf({}, SAMPLES);
    expect(page).not.toMatch(/<script|<link|<img|<iframe|<object|@import|url\(/i);
    const addresses = [...page.matchAll(/\s(?:src|href|poster|data)="([^"]*)"/g)].map(
      ([, at]) => at,
    );
    expect(addresses.length).toBeGreaterThan(0);
    for (const address of addresses) expect(address).toMatch(/^data:/);
    expect(page).toContain("Content-Security-Policy");
  });

  it("escapes names that are HTML", () => {
    const evil = '<img src=x onerror="alert(1)">';
    const { data } = RESULTS;
    const [deciding] = RESULTS.deciding;
    if (deciding === undefined) throw new Error("the fixture has no deciding clip");
    const page = pageOf({
      name: evil,
      question: evil,
      data: {
        ...data,
        name: evil,
        citation: evil,
        excluded: [{ id: evil, reason: evil, tasks: [] }],
      },
      arms: RESULTS.arms.map((arm) => ({ ...arm, model: evil, reads: evil })),
      verdicts: withPrimary({ a: evil, sentence: evil, test: evil }),
      fairness: [{ what: evil, ok: false, byArm: {}, note: evil }],
      leakage: [{ kind: "same source", clips: [evil], note: evil, resolved: false }],
      classes: RESULTS.classes.map((row) => ({ ...row, label: evil })),
      deciding: [{ ...deciding, clip: evil, truth: evil, saidA: evil, path: evil }],
      confusions: RESULTS.confusions.map((row) => ({ ...row, truth: evil })),
    });
    expect(page).not.toContain("<img");
    expect(page).toContain("&lt;img");
  });

  it("plays the clips that decided", () => {
    const page = pageOf({}, SAMPLES);
    const players = page.match(/<audio /g) ?? [];
    expect(players).toHaveLength(Math.min(24, RESULTS.deciding.length));
    expect(pageOf()).not.toContain("<audio");
  });

  it("names clips by their path when more sound would make it larger than 3 MB", () => {
    const folder = mkdtempSync(join(tmpdir(), "report-"));
    const wav = encodeWav([new Float32Array(150_000)], 16_000, "int16");
    const [first] = RESULTS.deciding;
    if (first === undefined) throw new Error("the fixture has no deciding clip");
    const deciding = Array.from({ length: 30 }, (_, index) => {
      writeFileSync(join(folder, `${index}.wav`), wav);
      return { ...first, clip: `clip ${index}`, path: `${index}.wav` };
    });
    const page = pageOf({ deciding }, folder);
    expect(Buffer.byteLength(page)).toBeLessThan(3_000_000);
    const players = page.match(/<audio /g)?.length ?? 0;
    expect(players).toBeGreaterThan(3);
    expect(players).toBeLessThan(24);
    expect(textOf(page)).toContain(`${24 - players} clips by path, to keep the page small.`);
    expect(textOf(page)).toContain("6 further clips in the outcomes of the run.");
  });

  it("shows clips of every class and source before a second one of any", () => {
    const [first] = RESULTS.deciding;
    if (first === undefined) throw new Error("the fixture has no deciding clip");
    const rows = [
      ...Array.from({ length: 30 }, (_, at) => ({ truth: "many", source: `s${at % 2}`, at })),
      ...Array.from({ length: 3 }, (_, at) => ({ truth: "few", source: "s9", at: 30 + at })),
    ];
    const deciding = rows.map(({ at, ...row }) => ({ ...first, ...row, clip: `<${at}>` }));
    const page = textOf(pageOf({ deciding }));
    const shown = [...page.matchAll(/&lt;(\d+)&gt;/g)].map(([, at]) => Number(at));
    const ofMany = shown.filter((at) => at < 30);
    expect(shown.filter((at) => at >= 30)).toEqual([30, 31, 32]);
    expect(ofMany).toHaveLength(21);
    expect(ofMany.filter((at) => at % 2 === 0)).toHaveLength(11);
    expect(shown).toEqual(shown.toSorted((one, other) => one - other));
  });

  it("reads no sound outside of the data set's folder", () => {
    const folder = mkdtempSync(join(tmpdir(), "report-"));
    writeFileSync(`${folder}.wav`, encodeWav([new Float32Array(16)], 16_000, "int16"));
    const [first] = RESULTS.deciding;
    if (first === undefined) throw new Error("the fixture has no deciding clip");
    const path = `..${folder.slice(folder.lastIndexOf("/"))}.wav`;
    const page = pageOf({ deciding: [{ ...first, path }] }, folder);
    expect(page).not.toContain("<audio");
    expect(page).toContain(path);
  });
});

describe("the report of a run", () => {
  it("is written from a sealed folder, which stays sealed", async () => {
    const folder = await makeRun();
    const path = await writeReport(folder);
    expect(path).toBe(join(folder, "report.html"));
    const text = textOf(readFileSync(path, "utf8"));
    const { seal, studyId } = await readRun(folder);
    for (const digest of [
      seal?.root,
      seal?.qualityKey,
      seal?.costKey,
      studyId,
      RESULTS.data.root,
    ]) {
      expect(text).toContain(digest);
    }
    expect(text).toContain("scipy 1.17.1");
    // The same folder gives the same page.
    expect((await openReport(folder)).html).toBe(readFileSync(path, "utf8"));
  });

  it("is refused before the run is sealed, after it was changed, and for another form of results", async () => {
    const open = await makeRun({ isSealed: false });
    await expect(openReport(open)).rejects.toThrow(/before the run is sealed/);
    const changed = await makeRun();
    appendFileSync(join(changed, "results.json"), " ");
    await expect(openReport(changed)).rejects.toThrow(RunError);
    const other = await makeRun({ results: { accuracy: 0.5 } });
    await expect(openReport(other)).rejects.toThrow(/of the form undefined/);
  });

  it("shows itself in a notebook with the same blocks, and in a terminal as sentences and table", async () => {
    const report = new StudyReport(sourceOf());
    const bundle = await bundleOf(report);
    const text = String(bundle["text/plain"]);
    expect(text).toBe(report.summary);
    expect(text.startsWith(`${report.sentences.join("\n")}\n`)).toBe(true);
    for (const { value } of RESULTS.tasks.flatMap(({ arms }) => arms)) {
      expect(text).toContain((100 * value).toFixed(1));
    }
    expect(report.html).toContain(String(bundle["text/html"]));
    // A style sheet would reach into the notebook around it.
    expect(bundle["text/html"]).not.toContain("<style");
  });
});
