import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import {
  openAudioFolder,
  openDataset,
  openEsc50,
  openFolder,
  openFsd50k,
  openSpeechCommands,
  openUrbanSound8k,
  validateDataset,
} from "../../../datasets/index.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { planFolds } from "../../compare/plan-folds.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { esc50, type Layout, layouts, urban } from "./layouts.ts";
import { cutFile, renderFolder, renderTone } from "./render.ts";

const bridge = new GAMABridge();
afterAll(() => bridge.shutdown());

describe.each(Object.entries(layouts))("%s", (_name, layout) => {
  const { texts, clips, open, missing, extra, damaged } = layout;

  it("yields the manifest: labels, source, the authors' own folds or splits", async () => {
    const folder = renderFolder(texts, clips);
    const dataset = await open(folder);
    const { licence, path, ...first } = dataset.rows.find(
      ({ id }) => "id" in layout.first && id === layout.first.id,
    ) ?? { licence: "" };
    expect(first).toEqual(layout.first);
    expect(licence).toMatch(/^[A-Za-z][\w.-]+$/);
    expect(path).toBeDefined();
    expect(dataset.protocol.kind).toBe(layout.protocol);
    expect(dataset.licence).not.toBe("");
    expect(dataset.citation).not.toBe("");
    expect(await openDataset(folder, { classes: false })).toEqual(dataset);
  });

  it("has its missing, extra and damaged files named, and no other", async () => {
    const folder = renderFolder(texts, clips);
    const whole = await open(folder);
    expect(await validateDataset(whole, { bridge })).toMatchObject({
      missing: [],
      extra: [],
      damaged: [],
    });
    rmSync(join(whole.folder, missing));
    writeFileSync(join(whole.folder, extra), renderTone(20));
    cutFile(join(whole.folder, damaged));
    const found = await validateDataset(await open(folder), { bridge });
    expect(found).toMatchObject({
      missing: [missing],
      extra: [extra],
      damaged: [{ path: damaged, foundBy: "decode" }],
    });
    expect(found.damaged[0]?.reason).not.toBe("");
  });

  it("keeps its own folds or splits: others are refused with the authors' rule", async () => {
    const dataset = await open(renderFolder(texts, clips));
    if (layout.protocol === "free") {
      expect(planFolds(dataset, { folds: 3, seed: 1 })).toEqual({
        kind: "drawn",
        folds: 3,
        seed: 1,
      });
      expect(() => planFolds(dataset, { folds: "official" })).toThrow(
        "it has none of its own".replace("it", dataset.name),
      );
      return;
    }
    expect(planFolds(dataset)).toEqual(planFolds(dataset, { folds: "official" }));
    expect(planFolds(dataset).kind).toBe(layout.protocol);
    for (const asked of [{ folds: 4 }, { seed: 1 }]) {
      expect(() => planFolds(dataset, asked)).toThrow(InvalidArgumentError);
      expect(() => planFolds(dataset, asked)).toThrow(dataset.protocol.rule);
    }
  });
});

describe("a folder without labels", () => {
  const clips = ["a.wav", "b/c.wav", "b/d.wav"];

  it("has rows without labels, each for itself, and names a damaged file", async () => {
    const folder = renderFolder({}, clips);
    const dataset = await openFolder(folder);
    expect(dataset.rows.map(({ labels, clusterId }) => ({ labels, clusterId }))).toEqual(
      clips.map((clusterId) => ({ labels: {}, clusterId })),
    );
    expect(dataset.clusterBy).toBeNull();
    rmSync(join(folder, "a.wav"));
    writeFileSync(join(folder, "e.wav"), renderTone(3));
    cutFile(join(folder, "b/c.wav"));
    // The listing of before is what the folder is compared with.
    expect(await validateDataset(dataset, { check: "header" })).toMatchObject({
      missing: ["a.wav"],
      extra: ["e.wav"],
      damaged: [
        { path: "b/c.wav", foundBy: "header", reason: expect.stringContaining("bytes shorter") },
      ],
      checked: { sha256: 0, decode: 0, header: 2 },
    });
  });

  it("is refused where clips need a class, and the first of them is named", async () => {
    const folder = renderFolder({}, clips);
    await expect(openDataset(`folder:${folder}`)).rejects.toThrow("labels.class of a.wav");
    expect((await openDataset(folder, { classes: false })).rows).toHaveLength(3);
  });
});

describe("folders named after classes", () => {
  it("give each clip the folder's name, and the split above it", async () => {
    const folder = renderFolder({}, [
      "train/dog/1.wav",
      "train/cat/2.wav",
      "validation/cat/3.wav",
      "test/dog/4.wav",
    ]);
    const { rows, protocol } = await openDataset(folder);
    expect(rows.map(({ labels, split }) => [labels.class, split])).toEqual([
      ["dog", "test"],
      ["cat", "train"],
      ["dog", "train"],
      ["cat", "valid"],
    ]);
    expect(protocol.kind).toBe("splits");
    const plain = await openDataset(renderFolder({}, ["dog/1.wav", "cat/2.wav"]));
    expect(plain.rows.map(({ labels }) => labels.class)).toEqual(["cat", "dog"]);
  });
});

describe("folds that somebody shuffled in the table", () => {
  it("contradict the files' names in ESC-50", async () => {
    const shuffled = esc50.join("\n").replace("1-100032-A-0.wav,1,", "1-100032-A-0.wav,4,");
    const folder = renderFolder({ "meta/esc50.csv": shuffled }, []);
    await expect(openEsc50(folder)).rejects.toThrow("of the file's own fold, source and target");
  });

  it("are files that are not there in UrbanSound8K", async () => {
    const { clips } = layouts["UrbanSound8K"] as Layout;
    const shuffled = urban.join("\n").replace(",1,5,3,", ",1,6,3,");
    const dataset = await openUrbanSound8k(
      renderFolder({ "metadata/UrbanSound8K.csv": shuffled }, clips),
    );
    const { missing, extra } = await validateDataset(dataset, { check: "header" });
    expect({ missing, extra }).toEqual({
      missing: ["audio/fold6/100032-3-0-0.wav"],
      extra: ["audio/fold5/100032-3-0-0.wav"],
    });
  });
});

describe("speakers by recording", () => {
  it("ask whose voice it is, and each recording is a source", async () => {
    const { texts, clips } = layouts["FSDD"] as Layout;
    const { rows, name } = await openDataset(`fsdd-speakers:${renderFolder(texts, clips)}`);
    expect(name).toBe("fsdd-speakers");
    expect(new Set(rows.map(({ labels }) => labels.class))).toEqual(new Set(["theo", "jackson"]));
    expect(new Set(rows.map(({ clusterId }) => clusterId)).size).toBe(rows.length);
  });
});

describe("FSD50K without its metadata", () => {
  it("says that nobody knows which clips share a source", async () => {
    const { texts, clips } = layouts["FSD50K"] as Layout;
    const bare = Object.entries(texts).filter(([path]) => !path.startsWith("FSD50K.metadata"));
    const dataset = await openFsd50k(renderFolder(Object.fromEntries(bare), clips));
    expect(dataset.clusterBy).toBeNull();
    expect(dataset.rows[0]).toMatchObject({ clusterId: "64760", licence: "NOASSERTION" });
  });
});

describe("tables", () => {
  it("without a column are refused, and the column is named", async () => {
    const folder = renderFolder({ "meta/esc50.csv": "filename,fold\na.wav,1\n" }, []);
    await expect(openEsc50(folder)).rejects.toThrow("a table with `target`");
  });

  it("with a line that is too short are refused, and the line is named", async () => {
    const folder = renderFolder({ "meta/esc50.csv": `${esc50[0]}\n1-100032-A-0.wav,1\n` }, []);
    await expect(openEsc50(folder)).rejects.toThrow("line 2");
  });

  it("with a comma that was not quoted are refused: cells would stand in wrong columns", async () => {
    const texts = {
      "metadata.csv": "file_name,label,room\na.wav,yes,hall\nb.wav,no, thanks,hall\n",
    };
    const opening = openAudioFolder(renderFolder(texts, ["a.wav", "b.wav"]));
    await expect(opening).rejects.toThrow("line 3` to be 3 cells");
  });

  it("without any row, or without anything, are refused by name", async () => {
    const header = renderFolder({ "meta/esc50.csv": `${esc50[0]}\n` }, []);
    expect((await openEsc50(header)).rows).toEqual([]);
    await expect(openDataset(header)).rejects.toThrow("a row");
    const empty = openEsc50(renderFolder({ "meta/esc50.csv": "" }, []));
    await expect(empty).rejects.toThrow("a table with a header");
  });

  it("and lists that are missing are named", async () => {
    const folder = renderFolder({ "testing_list.txt": "" }, ["bed/0c40e715_nohash_0.wav"]);
    const opening = openSpeechCommands(folder);
    await expect(opening).rejects.toThrow(InvalidArgumentError);
    await expect(opening).rejects.toThrow("validation_list.txt");
  });

  it.each(["../outside.wav", "/etc/passwd.wav"])("may not name %s", async (file) => {
    const folder = renderFolder({ "metadata.csv": `file_name,label\n${file},a\n` }, ["a.wav"]);
    await expect(openAudioFolder(folder)).rejects.toThrow("a path inside the folder");
  });
});
