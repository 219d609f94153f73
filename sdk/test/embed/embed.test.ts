import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { AudioClip } from "../../audio/audio-clip.ts";
import type { Progress } from "../../bridge/call-options.ts";
import { findPython } from "../../bridge/find-python.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { type EmbedOptions, embed } from "../../embed.ts";
import type { EmbedSource } from "../../embedding/clip-row.ts";
import type { EmbeddingTable } from "../../embedding/embedding-table.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { MelStatisticsService } from "../../models/mel-statistics-service.ts";
import { Wav2Vec2Service } from "../../models/wav2vec2-service.ts";

const RATE = 8000;
const root = mkdtempSync(join(tmpdir(), "embed-"));
let service: MelStatisticsService;

function tone(hertz: number): AudioClip {
  const samples = Float32Array.from({ length: RATE / 2 }, (_, i) =>
    Math.sin((i * hertz * 2 * Math.PI) / RATE),
  );
  return AudioClip.fromSamples(samples, RATE);
}

function run(source: EmbedSource, options: EmbedOptions = {}): Promise<EmbeddingTable> {
  return embed(service, source, options);
}

async function python(code: string, ...args: string[]): Promise<unknown> {
  const { stdout } = await promisify(execFile)(findPython(), ["-c", code, ...args]);
  return JSON.parse(stdout);
}

beforeAll(() => {
  service = new MelStatisticsService();
  mkdirSync(join(root, "b"));
  writeFileSync(join(root, "b", "1.wav"), tone(440).wav());
  writeFileSync(join(root, "a.WAV"), tone(220).wav("int16"));
  writeFileSync(join(root, "broken.wav"), "RIFF but not really");
  writeFileSync(join(root, "notes.txt"), "no audio");
});
afterAll(() => service.shutdown());

describe("embed", () => {
  it("takes all audio below a folder, sorted; a broken file is a row of NaN and a failure", async () => {
    const table = await run(root);
    expect(table.column("id")).toEqual(["a.WAV", "b/1.wav", "broken.wav"]);
    expect(table.column("path")).toEqual([
      join(root, "a.WAV"),
      join(root, "b/1.wav"),
      join(root, "broken.wav"),
    ]);
    expect(table.shape).toEqual([3, 256]);
    expect(table.row(0)).toEqual((await service.extractFeatures(join(root, "a.WAV"))).data);
    expect(table.row(2).every(Number.isNaN)).toBe(true);
    expect(table.column("failure")).toEqual([null, null, table.failures[0]?.code]);
    expect(table.failures).toMatchObject([{ index: 2, id: "broken.wav" }]);
    expect(table.column("secondsHeard")).toEqual([0.5, 0.5, null]);
    expect(table.column("clipSeconds")).toEqual([expect.any(Number), expect.any(Number), null]);
    expect(table.facts).toMatchObject({ modelId: "fbank", layer: "fbank", pooling: "mean" });
  });

  it("takes linked files of a folder, and names the place of each file of a list", async () => {
    const links = mkdtempSync(join(tmpdir(), "links-"));
    symlinkSync(join(root, "a.WAV"), join(links, "linked.wav"));
    symlinkSync(join(root, "gone.wav"), join(links, "dangling.wav"));
    expect((await run(links)).column("id")).toEqual(["linked.wav"]);
    const listed = await run([join(root, "a.WAV"), tone(100)]);
    expect(listed.column("path")).toEqual([join(root, "a.WAV"), null]);
  });

  it("gives the same whatever the chunks, and one clip at a time", async () => {
    const clips = [100, 200, 300, 400, 500, 600, 700].map(tone);
    const whole = await run(clips);
    for (const chunkSize of [1, 2, 3, 7]) {
      const parts = await run(clips, { chunkSize });
      expect(parts.features).toEqual(whole.features);
      expect(parts.column("id")).toEqual(whole.column("id"));
    }
  });

  it("lists the failures of a chunk in which not one clip is readable", async () => {
    const clips = [tone(100), tone(200), "/no/1.wav", join(root, "notes.txt"), tone(300)];
    const table = await run(clips, { chunkSize: 2 });
    expect(table.failures.map(({ index, code }) => [index, code])).toEqual([
      [2, "audio_not_found"],
      [3, expect.stringMatching(/invalid_audio|unsupported_format/)],
    ]);
    expect(table.row(4)).toEqual((await service.extractFeatures(tone(300))).data);
  });

  it("reports progress over all clips, and ends at the end", async () => {
    const seen: Progress[] = [];
    const clips = Array.from({ length: 10 }, () => tone(100));
    await run(clips, { chunkSize: 4, onProgress: (progress) => seen.push(progress) });
    const encoding = seen.filter(({ stage }) => stage === "encode");
    const done = encoding.map((progress) => progress.done);
    expect(done).toEqual(done.toSorted((a, b) => a - b));
    expect(encoding.every(({ total, unit }) => total === 10 && unit === "clips")).toBe(true);
    expect(done.at(-1)).toBe(10);
  });

  it("stops between and inside chunks when it is told to", async () => {
    const controller = new AbortController();
    const clips = Array.from({ length: 10 }, () => tone(100));
    const work = run(clips, {
      chunkSize: 2,
      signal: controller.signal,
      onProgress: () => controller.abort("enough"),
    });
    await expect(work).rejects.toBe("enough");
  });

  it("names the whole limit when the time is over, not what was left of it", async () => {
    const clips = Array.from({ length: 2000 }, () => tone(100));
    const work = run(clips, { chunkSize: 1, timeoutMs: 300 });
    await expect(work).rejects.toMatchObject({ code: "timeout", timeoutMs: 300 });
  });

  it("takes the rows of a data set with their labels", async () => {
    const source = {
      folder: root,
      rows: [
        {
          id: "x",
          path: "a.WAV",
          labels: { class: "low", count: 2 },
          split: "test",
          clusterId: "p",
        },
        { id: "y", path: "b/1.wav", labels: { class: "high" }, split: "test", clusterId: "q" },
      ],
    };
    const table = await run(source);
    expect(table.labels("class")).toEqual(["low", "high"]);
    expect(table.column("count")).toEqual([2, null]);
    expect(table.labels("clusterId")).toEqual(["p", "q"]);
    expect(() => table.column("speaker")).toThrow(InvalidArgumentError);
  });

  it.each([
    ["an empty list", []],
    ["numbers", [0.1, 0.2]],
    ["a folder that is not there", "/no/such/folder"],
    ["a folder without audio", mkdtempSync(join(tmpdir(), "empty-"))],
    ["nothing readable", ["/no/1.wav", "/no/2.wav"]],
    ["nothing at all", undefined],
  ])("refuses %s", async (_name, source) => {
    await expect(run(source as EmbedSource)).rejects.toThrow(InvalidArgumentError);
  });

  it("refuses a chunk of no clips", async () => {
    await expect(run(root, { chunkSize: 0 })).rejects.toThrow(InvalidArgumentError);
  });
});

describe("EmbeddingTable", () => {
  it("escapes what a data set calls its columns and what stands in them", async () => {
    const labels = { "<img src=x>": "<script>y</script>" };
    const table = await run({ folder: root, rows: [{ id: "<b>z", path: "a.WAV", labels }] });
    const shown = table as unknown as Record<symbol, () => Record<string, string>>;
    const html = shown[Symbol.for("Jupyter.display")]?.()["text/html"];
    expect(html).toContain("&lt;img src=x&gt;");
    expect(html).not.toMatch(/<(img|script|b)\b/);
  });

  it("says why a file cannot be written", async () => {
    const table = await run([tone(100)]);
    for (const write of [
      () => table.toNpy("/no/folder/x.npy"),
      () => table.toParquet("/no/folder/x.parquet"),
    ]) {
      await expect(write()).rejects.toThrow(InvalidArgumentError);
      await expect(write()).rejects.toThrow("ENOENT");
    }
  });

  it("as .npy is what NumPy reads: shape, type, every bit", async () => {
    const table = await run(root);
    const path = join(root, "features.npy");
    await table.toNpy(path);
    const read = await python(
      `import json, numpy as np, sys
a = np.load(sys.argv[1])
print(json.dumps([list(a.shape), str(a.dtype), a.view(np.uint32).ravel().tolist()]))`,
      path,
    );
    const bits = Array.from(new Uint32Array(table.features.buffer));
    expect(read).toEqual([[3, 256], "float32", bits]);
  });

  it("as Parquet holds the rows, the features as a list, and the facts", async () => {
    const table = await run(root);
    const path = join(root, "features.parquet");
    await table.toParquet(path);
    const { parquetMetadataAsync, parquetReadObjects, asyncBufferFromFile } = await import(
      "hyparquet"
    );
    const file = await asyncBufferFromFile(path);
    const rows = await parquetReadObjects({ file });
    expect(rows.map((row) => row["id"])).toEqual(table.column("id"));
    expect(rows.map((row) => row["failure"])).toEqual(table.column("failure"));
    expect(rows.map((row) => row["secondsHeard"])).toEqual(table.column("secondsHeard"));
    for (const [index, row] of rows.entries()) {
      expect(Float32Array.from(row["features"])).toEqual(table.row(index));
    }
    const { key_value_metadata: facts = [] } = await parquetMetadataAsync(file);
    expect(facts).toContainEqual({ key: "modelId", value: "fbank" });
  });

  it("takes what any process computed before from the disk, says so, and can be told not to", async () => {
    const cache = mkdtempSync(join(tmpdir(), "cache-"));
    const env = { ...process.env, GRYM_CACHE: cache, GRYM_FEATURE_CACHE_MB: "10" };
    const tables: EmbeddingTable[] = [];
    for (const runs of [[{}], [{}, { cache: false }]]) {
      await using bridge = new GAMABridge({ env });
      const encoder = new Wav2Vec2Service({ bridge });
      for (const options of runs) tables.push(await embed(encoder, root, options));
    }
    expect(tables.map((table) => table.column("cached"))).toEqual([
      [false, false, null],
      [true, true, null],
      [false, false, null],
    ]);
    expect(tables[1]?.features).toEqual(tables[0]?.features);
    expect(tables[1]?.column("secondsHeard")).toEqual([0.5, 0.5, null]);
    expect(tables[1]?.column("clipSeconds")).toEqual([0, 0, null]);
  }, 240_000);

  it("shows its first rows as a table", async () => {
    const table = await run(root);
    expect(String(table)).toBe(
      "EmbeddingTable(3 clips × 256 features, fbank fbank mean, 1 failed)",
    );
    const shown = table as unknown as Record<symbol, () => Record<string, string>>;
    const bundle = shown[Symbol.for("Jupyter.display")]?.();
    expect(bundle?.["text/html"]).toContain("b/1.wav");
    expect(bundle?.["text/plain"]).toBe(String(table));
  });
});
