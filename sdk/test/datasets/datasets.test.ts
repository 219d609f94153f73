import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  hashRows,
  openDataset,
  openFsdd,
  openSamples,
  validateDataset,
} from "../../../datasets/index.ts";
import { readManifest } from "../../../datasets/manifest.ts";
import { AudioClip } from "../../audio/audio-clip.ts";
import { checkLeakage, hearClips, planFolds } from "../../compare/index.ts";
import { embed } from "../../embed.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { MelStatisticsService } from "../../models/mel-statistics-service.ts";

const samples = join(import.meta.dirname, "..", "..", "..", "datasets", "samples");
const fsdd =
  process.env["GRYM_DATA_FSDD"] ??
  join(import.meta.dirname, "..", "..", "..", "..", "shared", "data", "fsdd");

function makeFsdd(names: readonly string[]): string {
  const folder = mkdtempSync(join(tmpdir(), "fsdd-"));
  for (const [index, name] of names.entries()) {
    const samples = new Float32Array(800).fill((index + 1) / 100);
    writeFileSync(join(folder, name), AudioClip.fromSamples(samples, 8000).wav("int16"));
  }
  return folder;
}

describe("fsdd", () => {
  it("reads digit, speaker and the data set's own split from the names", async () => {
    const { rows, licence } = await openFsdd(
      makeFsdd(["0_theo_4.wav", "0_theo_5.wav", "9_nicolas_0.wav"]),
    );
    expect(
      rows.map(({ id, split, clusterId, labels }) => ({ id, split, clusterId, labels })),
    ).toEqual([
      { id: "0_theo_4", split: "test", clusterId: "theo", labels: { class: "0", speaker: "theo" } },
      {
        id: "0_theo_5",
        split: "train",
        clusterId: "theo",
        labels: { class: "0", speaker: "theo" },
      },
      {
        id: "9_nicolas_0",
        split: "test",
        clusterId: "nicolas",
        labels: { class: "9", speaker: "nicolas" },
      },
    ]);
    expect(licence).toBe("CC-BY-SA-4.0");
  });

  it("can be embedded as it is, with its labels as columns", async () => {
    await using service = new MelStatisticsService();
    const table = await embed(service, await openFsdd(makeFsdd(["0_theo_4.wav", "7_lucas_5.wav"])));
    expect(table.labels("class")).toEqual(["0", "7"]);
    expect(table.labels("clusterId")).toEqual(["theo", "lucas"]);
    expect(table.labels("split")).toEqual(["test", "train"]);
  });

  it("refuses a folder that is not there, and a file of another data set", async () => {
    await expect(openFsdd("/no/such/folder")).rejects.toThrow(InvalidArgumentError);
    await expect(openFsdd(makeFsdd(["hello.wav"]))).rejects.toThrow(
      "{digit}_{speaker}_{index}.wav",
    );
  });

  it.skipIf(!existsSync(fsdd))(
    "opens the real recordings (skipped without GRYM_DATA_FSDD)",
    async () => {
      const dataset = await openDataset(`fsdd:${fsdd}`);
      const count = readdirSync(join(fsdd, "recordings")).filter((name) =>
        name.endsWith(".wav"),
      ).length;
      expect(dataset.rows).toHaveLength(count);
      const test = dataset.rows.filter(({ split }) => split === "test");
      expect(test.length * 10).toBe(count);
      expect(new Set(dataset.rows.map(({ labels }) => labels.class)).size).toBe(10);
    },
  );
});

describe("validateDataset", () => {
  it("finds files whose bytes are not those of the manifest, without decoding the others", async () => {
    const folder = makeFsdd(["0_theo_0.wav", "1_theo_0.wav", "2_theo_0.wav"]);
    const dataset = await hashRows(await openFsdd(folder));
    expect(await validateDataset(dataset)).toMatchObject({ missing: [], extra: [], damaged: [] });
    rmSync(join(folder, "0_theo_0.wav"));
    cpSync(join(folder, "2_theo_0.wav"), join(folder, "1_theo_0.wav"));
    cpSync(join(folder, "2_theo_0.wav"), join(folder, "3_theo_0.wav"));
    expect(await validateDataset(dataset)).toEqual({
      missing: ["0_theo_0.wav"],
      extra: ["3_theo_0.wav"],
      damaged: [
        {
          path: "1_theo_0.wav",
          reason: "its bytes are not those of the manifest",
          foundBy: "sha256",
        },
      ],
      checked: { sha256: 2, decode: 0, header: 0 },
      clips: 3,
      publishedClips: null,
    });
  });

  it("stops when it is asked to, and tells how far it is", async () => {
    const dataset = await openFsdd(makeFsdd(["0_theo_0.wav", "1_theo_0.wav"]));
    const told: number[] = [];
    await hashRows(dataset, { onProgress: ({ done }) => told.push(done) });
    expect(told).toEqual([1, 2]);
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(hashRows(dataset, { signal })).rejects.toThrow("enough");
    await expect(validateDataset(dataset, { signal, check: "header" })).rejects.toThrow("enough");
  });
});

describe("readManifest", () => {
  const row = {
    id: "a",
    path: "a.flac",
    sha256: "0".repeat(64),
    labels: { class: "bell" },
    split: "test",
    clusterId: "preset-1",
    licence: "CC0-1.0",
  };
  const write = (...rows: object[]): string => {
    const path = join(mkdtempSync(join(tmpdir(), "manifest-")), "manifest.jsonl");
    writeFileSync(path, rows.map((each) => `${JSON.stringify(each)}\n`).join(""));
    return path;
  };

  it("reads rows, also of clips that nobody labelled or summed", async () => {
    const bare = { id: "b", path: "b.flac", labels: {}, clusterId: "b", licence: "NOASSERTION" };
    expect(await readManifest(write(row, bare))).toEqual([row, bare]);
  });

  it.each([
    ["sha256", { ...row, sha256: "abc" }],
    ["labels", { ...row, labels: undefined }],
    ["labels.class", { ...row, labels: { class: 7 } }],
    ["labels.tags", { ...row, labels: { tags: "bell" } }],
    ["clusterId", { ...row, clusterId: "" }],
    ["split", { ...row, split: "dev" }],
    ["fold", { ...row, fold: "1" }],
  ])("refuses a row without a good %s, and says in which line it stands", async (field, bad) => {
    const reading = readManifest(write({ ...row, id: "b", path: "b.flac" }, bad));
    await expect(reading).rejects.toThrow(`line 2: ${field}`);
  });

  it.each(["{bad", "7", "null"])("refuses the line %s, which is no object", async (line) => {
    const path = write(row);
    appendFileSync(path, `\n${line}\n`);
    await expect(readManifest(path)).rejects.toThrow(InvalidArgumentError);
    await expect(readManifest(path)).rejects.toThrow("line 3");
  });

  it("that is not there is named in full", async () => {
    await expect(openSamples("/no/folder")).rejects.toThrow(InvalidArgumentError);
    await expect(openSamples("/no/folder")).rejects.toThrow("/no/folder/manifest.jsonl");
  });

  it("refuses two rows for one file", async () => {
    await expect(readManifest(write(row, { ...row, id: "b" }))).rejects.toThrow(
      "`path` to be unique",
    );
  });
});

describe.skipIf(!existsSync(join(samples, "manifest.jsonl")))(
  "samples (skipped before they are rendered)",
  () => {
    it("are whole: every file of the manifest, no other, every checksum", async () => {
      const { rows } = await openSamples();
      expect(await validateDataset(await openSamples())).toMatchObject({
        missing: [],
        extra: [],
        damaged: [],
        checked: { sha256: rows.length, decode: 0, header: 0 },
      });
    });

    it("hold no sound twice in two sources", async () => {
      const dataset = await openSamples();
      const { clips, unheard } = await hearClips(dataset);
      expect(unheard).toEqual([]);
      const pcm = new Map(clips.map((clip) => [clip.id, clip.pcm]));
      expect(checkLeakage(dataset, planFolds(dataset), { pcm })).toEqual([]);
    });

    it("have at least 12 classes of 6 sources, and 360 clips", async () => {
      const { rows } = await openDataset("samples");
      const sources = Map.groupBy(rows, ({ labels }) => labels.class);
      expect(rows.length).toBeGreaterThanOrEqual(360);
      expect(sources.size).toBeGreaterThanOrEqual(12);
      for (const clips of sources.values()) {
        expect(new Set(clips.map(({ clusterId }) => clusterId)).size).toBeGreaterThanOrEqual(6);
      }
      expect(rows.every(({ split }) => split === "test")).toBe(true);
    });
  },
);

describe("openDataset", () => {
  it.each(["", "esc50", "samples:x"])("refuses %j", async (spec) => {
    await expect(openDataset(spec)).rejects.toThrow(InvalidArgumentError);
  });
});
