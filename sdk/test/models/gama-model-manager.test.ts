/** The manager and `grym-synth model`, with real processes, real files and a hub on loopback. */
import {
  cpSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Progress } from "../../bridge/call-options.ts";
import { sharedBridge } from "../../bridge/shared-bridge.ts";
import { CapabilityError } from "../../errors.ts";
import { GAMAModelManager } from "../../models/gama-model-manager.ts";
import { listModels, removeModel } from "../../models/model-store.ts";
import { Wav2Vec2Service } from "../../models/wav2vec2-service.ts";
import { runCli } from "../cli/run-cli.ts";
import { startHub, type TestHub } from "./hub-server.ts";

const SHIPPED = join(import.meta.dirname, "../../../python/weights/wav2vec2-tiny");
let folder = "";
let model = "";

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "manager-test-"));
  model = join(folder, "encoder");
  cpSync(SHIPPED, model, { recursive: true });
  vi.stubEnv("GRYM_CACHE", join(folder, "cache"));
  vi.stubEnv("HF_HOME", join(folder, "hf"));
});

afterEach(() => vi.unstubAllEnvs());

async function withHub(options: object = {}): Promise<TestHub> {
  const hub = await startHub({ repos: { "owner/encoder": model }, ...options });
  for (const [name, value] of Object.entries(hub.environment)) vi.stubEnv(name, value);
  return hub;
}

// Against hanging only: a busy machine imports torch for many seconds.
const PATIENCE = { timeout: 180_000 };

describe("a model manager", PATIENCE, () => {
  it("downloads with progress, verifies, loads, and asks the hub for nothing twice", async () => {
    await withHub();
    const manager = new GAMAModelManager({ modelId: "owner/encoder", device: "cpu" });
    const reports: Progress[] = [];
    expect(await manager.modelExists()).toBe(false);
    const stored = await manager.downloadModel({ onProgress: (report) => reports.push(report) });
    expect(stored).toMatchObject({ name: "encoder", state: "whole", source: "hub:owner/encoder" });
    const last = reports.filter(({ stage }) => stage === "download").at(-1);
    expect(last).toMatchObject({ done: stored.size, total: stored.size, unit: "bytes" });
    expect(await manager.modelExists()).toBe(true);
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    expect(await manager.downloadModel()).toEqual(stored);
    expect(await manager.verifyModel()).toBe(true);
    await using bridge = sharedBridge();
    const info = await manager.loadModel();
    expect(info).toMatchObject({ modelId: "encoder", family: "wav2vec2", device: "cpu" });
    expect(bridge.isClosed).toBe(false);
  });

  it("stops at once when it is told to, and goes on where it was", async () => {
    writeFileSync(join(model, "more.safetensors"), Buffer.alloc(25_000_000));
    const hub = await withHub({ stall: { "more.safetensors": 22_000_000 } });
    const manager = new GAMAModelManager({ modelId: "owner/encoder" });
    const stop = new AbortController();
    const onProgress = ({ stage, done }: Progress): void => {
      if (stage === "download" && done > 20_000_000) stop.abort(new Error("enough"));
    };
    const given = manager.downloadModel({ signal: stop.signal, onProgress });
    await expect(given).rejects.toThrow("enough");
    const [left] = (await listModels()).models;
    expect(left).toMatchObject({ name: "encoder", state: "unfinished" });
    expect(left?.size).toBeGreaterThan(10_000_000);
    expect((await manager.downloadModel()).state).toBe("whole");
    const asked = (await hub.requests()).filter(({ path }) => path.endsWith("more.safetensors"));
    expect(asked.at(-1)?.range).toMatch(/^bytes=[12]\d{7}-$/);
  });

  it("rejects with a code, and with what it takes to go on", async () => {
    await withHub({ gated: true });
    const gated = new GAMAModelManager({ modelId: "owner/encoder" }).downloadModel();
    await expect(gated).rejects.toMatchObject({
      code: "model_gated",
      message: expect.stringContaining("accept its licence at"),
    });
    vi.stubEnv("HF_HUB_OFFLINE", "1");
    const offline = new GAMAModelManager({ modelId: "owner/encoder" }).downloadModel();
    await expect(offline).rejects.toMatchObject({
      code: "hub_unreachable",
      details: {
        missing: expect.arrayContaining(["model.safetensors"]),
        folder: expect.stringContaining(".unfinished"),
      },
    });
    expect(await removeModel("encoder")).toBeGreaterThan(0);
    await expect(removeModel("encoder")).rejects.toMatchObject({ code: "model_not_found" });
  });

  it("adds a folder, loads it by name or from where it lies, and tells what is wrong with it", async () => {
    const manager = new GAMAModelManager({ modelPath: model, name: "mine" });
    await using _bridge = sharedBridge();
    expect((await manager.loadModel()).modelId).toBe("encoder");
    expect(await manager.addModel()).toMatchObject({ name: "mine", size: 0, source: model });
    expect((await manager.loadModel()).modelId).toBe("mine");
    const weights = join(model, "model.safetensors");
    writeFileSync(weights, readFileSync(weights).subarray(0, -1));
    expect(await manager.verifyModel()).toBe(false);
    const { problems } = await manager.verify({ hashes: false });
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/^model\.safetensors has [\d,]+ bytes, expected .*model add/);
  });

  it("takes no other model for that of its repository, and no path for a name", async () => {
    await new GAMAModelManager({ modelPath: model, name: "mine" }).addModel();
    await using manager = new GAMAModelManager({ modelId: "somebody-else/mine" });
    const missing = { code: "model_not_found", message: expect.stringContaining("downloadModel") };
    expect(await manager.modelExists()).toBe(false);
    await expect(manager.verify({ hashes: false })).rejects.toMatchObject(missing);
    await expect(manager.loadModel()).rejects.toMatchObject(missing);
    await using shipped = new GAMAModelManager({ modelId: "somebody-else/gama-tiny" });
    await expect(shipped.loadModel()).rejects.toMatchObject(missing);
    expect(() => new GAMAModelManager({ name: "x/y/mine" })).toThrow("`name`");
  });

  it("knows a folder that it is shown through a link, and holds the process that loaded it", async () => {
    const link = join(folder, "link");
    symlinkSync(model, link);
    const config = { modelPath: link, name: "mine", attention: "eager", device: "cpu" } as const;
    const manager = new GAMAModelManager(config);
    await manager.addModel();
    expect(await manager.modelExists()).toBe(true);
    const info = await manager.loadModel();
    expect(info).toMatchObject({ modelId: "mine", attention: "eager", quantization: "none" });
    const bridge = sharedBridge();
    const service = new Wav2Vec2Service({ model: "mine", attention: "eager", device: "cpu" });
    expect(await service.initialize()).toEqual(info);
    const other = new Wav2Vec2Service({ model: "mine", attention: "sdpa", device: "cpu" });
    await expect(other.initialize()).rejects.toThrow("another attention (eager, asked for sdpa)");
    await service.shutdown();
    await other.shutdown();
    expect(bridge.isClosed).toBe(false);
    await manager.shutdown();
    expect(bridge.isClosed).toBe(true);
  });

  it("refuses weights of few bits where there is no CUDA, and options that mean nothing", async () => {
    await using _bridge = sharedBridge();
    const bits = new GAMAModelManager({ name: "gama-tiny", device: "cpu", quantization: "8bit" });
    await expect(bits.loadModel()).rejects.toBeInstanceOf(CapabilityError);
    expect(() => new GAMAModelManager({})).toThrow("`modelPath`");
    expect(() => new GAMAModelManager({ name: "x", useGradientCheckpointing: true })).toThrow(
      "memory of a gradient",
    );
    expect(() => new GAMAModelManager({ name: "x", useFp16: true, dtype: "bfloat16" })).toThrow(
      "`useFp16`",
    );
  });
});

describe("grym-synth model", PATIENCE, () => {
  it("adds a folder, verifies it and lists it", () => {
    const added = runCli(["model", "add", model, "--name", "mine"]);
    const [what, verified] = added.stdout.split("\n");
    expect(added.status).toBe(0);
    expect(what).toMatch(
      /^mine: wav2vec2 \(embed\), 0 B, and 8\.\d MB linked, revision [0-9a-f]{12}, in /,
    );
    expect(verified).toMatch(
      /^mine: sizes as they were, \d+ tensors, wav2vec2 of 2,\d+,\d+ parameters$/,
    );
    const table = runCli(["model", "list"]).stdout;
    expect(table).toMatch(
      /^NAME .*\nmine +whole +wav2vec2 +embed +0 B +8\.\d MB .*\n\n.*models: .* free\n$/,
    );
    expect(JSON.parse(runCli(["model", "list", "--json"]).stdout)).toMatchObject({
      models: [{ name: "mine", source: model }],
    });
  });

  it("tells what changed, removes what it has and no more, and knows what is not there", async () => {
    expect(runCli(["model", "list"]).stdout).toMatch(/^No models in .*cache\/models\.\n$/);
    await new GAMAModelManager({ modelPath: model, name: "mine" }).addModel();
    cpSync(join(model, "config.json"), join(model, "model.safetensors"));
    const spoilt = runCli(["model", "verify", "mine"]);
    expect([spoilt.status, spoilt.stdout]).toEqual([1, ""]);
    expect(spoilt.stderr).toMatch(/mine: model\.safetensors has [\d,]+ bytes, expected/);
    expect(runCli(["model", "remove", "mine"]).stdout).toBe('Removed "mine": 0 B are free again\n');
    expect(existsSync(join(model, "config.json"))).toBe(true);
    const again = runCli(["model", "remove", "mine"]);
    expect([again.status, again.stderr]).toEqual([1, expect.stringContaining("no model 'mine'")]);
  });

  it("downloads a repository at a revision, and says what stands in the way", async () => {
    await withHub({ spoilt: ["model.safetensors"] });
    const spoilt = runCli(["model", "download", "owner/encoder@main"]);
    expect(spoilt.status).toBe(1);
    expect(spoilt.stderr).toContain("model.safetensors is not the file of owner/encoder");
    await withHub();
    const done = runCli(["model", "download", "owner/encoder@main"]);
    expect([done.status, done.stdout]).toEqual([0, expect.stringContaining("wav2vec2 of 2,")]);
    expect(readdirSync(join(folder, "cache", "models", "encoder"))).toContain("model.safetensors");
  });
});
