import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { AudioClip } from "../../audio/audio-clip.ts";
import { bundleOf, player, players } from "../../display/index.ts";
import { InvalidArgumentError } from "../../errors.ts";

const folder = mkdtempSync(join(tmpdir(), "player-test-"));
const tone = Float32Array.from({ length: 800 }, (_, n) => Math.sin(n / 5));

afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, content = "sound"): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

function address(source: string): string {
  return /<audio controls[^>]* src="([^"]+)"/.exec(source)?.[1] ?? "";
}

describe("player", () => {
  test("holds samples as a WAV of their rate", () => {
    const [type, data = ""] = address(player({ samples: tone, sampleRate: 8000 }).source).split(
      ";base64,",
    );
    const wav = Buffer.from(data, "base64");
    expect(type).toBe("data:audio/wav");
    expect(wav.subarray(0, 4).toString()).toBe("RIFF");
    expect(wav.readUInt32LE(24)).toBe(8000);
  });

  test.each([
    ["a.wav", "audio/wav"],
    ["a.flac", "audio/flac"],
    ["a.ogg", "audio/ogg"],
    ["a.MP3", "audio/mpeg"],
  ])("plays %s as %s, byte for byte, under its name", (name, type) => {
    const { source, text } = player(file(name));
    expect(address(source)).toBe(`data:${type};base64,${Buffer.from("sound").toString("base64")}`);
    expect(text).toContain(name);
  });

  test("plays the part of a file that a clip means", () => {
    const clip = AudioClip.fromFile(file("b.flac"), { offset: 1, duration: 2 });
    expect(address(player(clip).source)).toMatch(/#t=1,3$/);
  });

  test("escapes the title", async () => {
    const bundle = await bundleOf(
      player(AudioClip.fromSamples(tone, 8000), { title: "<script>x</script>" }),
    );
    expect(bundle["text/html"]).not.toContain("<script>");
    expect(bundle["text/plain"]).toContain("<script>x</script>");
  });

  test("refuses what a browser cannot play, and what would swell the notebook", () => {
    expect(() => player(file("notes.txt"))).toThrow(InvalidArgumentError);
    expect(() => player(file("long.wav", "x".repeat(17 * 2 ** 20)))).toThrow(/at most 16 MiB/);
  });

  test("of a file that is not there says which, in full", () => {
    const missing = join(folder, "missing.wav");
    for (const audio of [missing, AudioClip.fromFile(missing)]) {
      expect(() => player(audio)).toThrow(InvalidArgumentError);
      expect(() => player(audio)).toThrow(`can be read (ENOENT), got "${missing}"`);
    }
    expect(() => player("missing.wav")).toThrow(join(process.cwd(), "missing.wav"));
  });

  test("stands in a grid with others, each with its title", () => {
    const sound = { samples: tone, sampleRate: 8000 };
    const { source, text } = players([{ audio: sound, title: "A" }, sound, file("c.ogg")], {
      columns: 2,
      title: "Three",
    });
    expect(source.match(/<audio /g)).toHaveLength(3);
    expect(source).toContain("repeat(2,");
    expect(text.split("\n")).toHaveLength(4);
  });
});
