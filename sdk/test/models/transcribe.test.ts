/** Transcription: a real CTC model of random weights, written by transformers in the test. */
import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DISPLAY } from "../../display/mime.ts";
import { CapabilityError, InvalidArgumentError, OperationFailedError } from "../../errors.ts";
import { Wav2Vec2Service } from "../../models/wav2vec2-service.ts";
import { clip, keepSharedProcess } from "./services.ts";

keepSharedProcess();
const repository = join(import.meta.dirname, "..", "..", "..");
const python = process.env["GRYM_PYTHON"] ?? join(repository, ".venv", "bin", "python");
const WRITE = `
import sys
from pathlib import Path
from ctc_models import build, write_vocabulary
folder = Path(sys.argv[1])
build("wav2vec2", len(write_vocabulary(folder, "abcdefgh"))).save_pretrained(folder)`;

describe("a model with a CTC head", () => {
  let service: Wav2Vec2Service;
  beforeAll(() => {
    const model = join(mkdtempSync(join(tmpdir(), "ctc-")), "model");
    const PYTHONPATH = [join(repository, "python", "tests"), process.env["PYTHONPATH"]].join(":");
    execFileSync(python, ["-c", WRITE, model], { env: { ...process.env, PYTHONPATH } });
    service = new Wav2Vec2Service({ model });
  });
  afterAll(() => service.shutdown());

  it("writes words with times, and shows them", async () => {
    const transcript = await service.transcribe(clip);
    expect(transcript).toMatchObject({ modelId: "model", secondsHeard: 2, dtype: "float32" });
    expect(transcript.words.length).toBeGreaterThan(0);
    expect(transcript.text).toBe(transcript.words.map(({ text }) => text).join(" "));
    for (const { start, end, confidence } of transcript.words) {
      expect(start).toBeLessThan(end);
      expect(end).toBeLessThanOrEqual(2);
      expect(confidence).toBeGreaterThan(0);
      expect(confidence).toBeLessThanOrEqual(1);
    }
    const bundle = await (transcript as unknown as { [DISPLAY](): object })[DISPLAY]();
    expect(bundle).toMatchObject({ "text/plain": transcript.text });
    expect(JSON.stringify(bundle)).toContain("start s");
    expect((await service.processAudio(clip)).text).toBe(transcript.text);
  });

  it("transcribes a batch as each alone, and lists what is broken", async () => {
    const { clips, failures, frameSeconds, longAudio, windowSeconds } = await service.transcribe([
      "/no/such/file.wav",
      clip,
    ]);
    expect(failures).toMatchObject([{ index: 0, code: "audio_not_found" }]);
    expect(clips[0]).toBeUndefined();
    expect(clips[1]?.words).toEqual((await service.transcribe(clip)).words);
    expect({ frameSeconds, longAudio, windowSeconds }).toEqual({
      frameSeconds: 0.02,
      longAudio: "windows",
      windowSeconds: 30,
    });
  });

  it("hears a long clip by the stated policy", async () => {
    const rule = { windowSeconds: 1, contextSeconds: 0.2 };
    expect((await service.transcribe(clip, rule)).windows.length).toBeGreaterThan(2);
    const cut = await service.transcribe(clip, { ...rule, longAudio: "truncate" });
    expect(cut).toMatchObject({ secondsHeard: 1, secondsGiven: 2 });
    const refused = service.transcribe(clip, { ...rule, longAudio: "error" });
    await expect(refused).rejects.toMatchObject({ code: "audio_too_long" });
    const allContext = service.transcribe(clip, { windowSeconds: 1, contextSeconds: 1 });
    await expect(allContext).rejects.toThrow(OperationFailedError);
    await expect(service.transcribe([])).rejects.toThrow(InvalidArgumentError);
  });
});

it("is refused by the shipped encoder, with the reason", async () => {
  await using service = new Wav2Vec2Service();
  const refused = service.transcribe(clip);
  await expect(refused).rejects.toThrow(CapabilityError);
  await expect(refused).rejects.toThrow("it has no CTC head");
});
