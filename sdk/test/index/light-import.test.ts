import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

const repository = join(import.meta.dirname, "..", "..", "..");

/** The modules that `import "grym-synth"` loads, in a Node of its own; `node:` ones left out. */
async function listLoadedModules(): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "light-import-"));
  const hooks = join(folder, "hooks.mjs");
  // CommonJS packages are seen by their require cache, ESM by the hook.
  writeFileSync(
    hooks,
    `import { registerHooks } from "node:module";
     const loaded = [];
     registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
     process.on("exit", () => console.log(JSON.stringify(loaded)));`,
  );
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", pathToFileURL(hooks).href, "--input-type=module", "-e", 'import "grym-synth"'],
    { cwd: join(repository, "sdk") },
  );
  const base = pathToFileURL(repository).href;
  return (JSON.parse(stdout) as string[])
    .filter((url) => url.startsWith("file:") && url !== pathToFileURL(hooks).href)
    .map((url) => (url.startsWith(base) ? relative(base, url).split(sep).join("/") : url))
    .toSorted();
}

describe('import "grym-synth"', () => {
  it("loads these modules and no others: no package at all", async () => {
    expect(await listLoadedModules()).toMatchInlineSnapshot(`
      [
        "sdk/audio/audio-clip.ts",
        "sdk/audio/audio-input.ts",
        "sdk/audio/playable-sound.ts",
        "sdk/audio/wav.ts",
        "sdk/bridge/answer.ts",
        "sdk/bridge/arena.ts",
        "sdk/bridge/bridge-options.ts",
        "sdk/bridge/call-options.ts",
        "sdk/bridge/call-site.ts",
        "sdk/bridge/calls.ts",
        "sdk/bridge/cell-signal.ts",
        "sdk/bridge/crash.ts",
        "sdk/bridge/decode-tensors.ts",
        "sdk/bridge/encode-tensors.ts",
        "sdk/bridge/find-python.ts",
        "sdk/bridge/gama-bridge.ts",
        "sdk/bridge/host/address.ts",
        "sdk/bridge/host/attach-transport.ts",
        "sdk/bridge/host/host-connection.ts",
        "sdk/bridge/host/host-connector.ts",
        "sdk/bridge/host/host-files.ts",
        "sdk/bridge/host/identity.ts",
        "sdk/bridge/host/messages.ts",
        "sdk/bridge/host/proc.ts",
        "sdk/bridge/host/reach-host.ts",
        "sdk/bridge/host/routes.ts",
        "sdk/bridge/host/shared-file.ts",
        "sdk/bridge/lease.ts",
        "sdk/bridge/line-reader.ts",
        "sdk/bridge/line-splitter.ts",
        "sdk/bridge/load-again.ts",
        "sdk/bridge/log-entry.ts",
        "sdk/bridge/model-record.ts",
        "sdk/bridge/notices.ts",
        "sdk/bridge/outbox.ts",
        "sdk/bridge/part-queue.ts",
        "sdk/bridge/part-stream.ts",
        "sdk/bridge/pending.ts",
        "sdk/bridge/pieces.ts",
        "sdk/bridge/plane.ts",
        "sdk/bridge/protocol.gen.ts",
        "sdk/bridge/python-process.ts",
        "sdk/bridge/read-slots.ts",
        "sdk/bridge/ready-waiters.ts",
        "sdk/bridge/request.ts",
        "sdk/bridge/restart-policy.ts",
        "sdk/bridge/result-memory.ts",
        "sdk/bridge/room-queue.ts",
        "sdk/bridge/running-mark.ts",
        "sdk/bridge/sender.ts",
        "sdk/bridge/session.ts",
        "sdk/bridge/shared-bridge.ts",
        "sdk/bridge/slot-allocator.ts",
        "sdk/bridge/slot-header.ts",
        "sdk/bridge/spawn-transport.ts",
        "sdk/bridge/supervisor.ts",
        "sdk/bridge/tail-buffer.ts",
        "sdk/bridge/tensors.ts",
        "sdk/bridge/turn-writer.ts",
        "sdk/bridge/watchdog.ts",
        "sdk/cache-folder.mjs",
        "sdk/cluster/cluster-outcome.ts",
        "sdk/cluster/cluster.ts",
        "sdk/compare/pad-frames.ts",
        "sdk/compare/paired-difference.ts",
        "sdk/compare/probe.ts",
        "sdk/display/facts.ts",
        "sdk/display/html.ts",
        "sdk/display/mime.ts",
        "sdk/display/table-format.ts",
        "sdk/display/table-source.ts",
        "sdk/display/table.ts",
        "sdk/display/values/printed.ts",
        "sdk/embed.ts",
        "sdk/embedding/audio-folder.ts",
        "sdk/embedding/clip-row.ts",
        "sdk/embedding/embed-windows.ts",
        "sdk/embedding/embedding-table.ts",
        "sdk/embedding/npy.ts",
        "sdk/embedding/parquet.ts",
        "sdk/embedding/writing.ts",
        "sdk/errors.ts",
        "sdk/index.ts",
        "sdk/memory/format.ts",
        "sdk/memory/make-plan.ts",
        "sdk/memory/memory-manager.ts",
        "sdk/memory/memory-plan.ts",
        "sdk/memory/memory-report.ts",
        "sdk/memory/node-memory.ts",
        "sdk/memory/profile.ts",
        "sdk/memory/release.ts",
        "sdk/memory/spans.ts",
        "sdk/models/bridged-service.ts",
        "sdk/models/from-wire.ts",
        "sdk/models/gama-model-manager.ts",
        "sdk/models/gama-service.ts",
        "sdk/models/loaded-models.ts",
        "sdk/models/mel-statistics-service.ts",
        "sdk/models/memory-usage.ts",
        "sdk/models/model-store.ts",
        "sdk/models/part-stream.ts",
        "sdk/models/to-wire.ts",
        "sdk/models/transcript.ts",
        "sdk/models/wav2vec2-service.ts",
        "sdk/notebook/help.ts",
        "sdk/notebook/timed.ts",
        "sdk/package.json",
        "sdk/records/environment.ts",
        "sdk/records/format-record.ts",
        "sdk/records/record.ts",
        "sdk/shown-object.ts",
      ]
    `);
  });
});
