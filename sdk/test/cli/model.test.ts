/** `grym-synth model download` of what is no model as it is, and of a revision with an `@`. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startHub } from "../models/hub-server.ts";
import { runCli } from "./run-cli.ts";

test("model download brings a Space, says that it is no model yet, and keeps the whole of a revision's name", {
  timeout: 180_000, // against hanging only: a busy machine imports torch for many seconds
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "model-cli-"));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const space = join(folder, "space");
  mkdirSync(join(space, "stage5"), { recursive: true });
  writeFileSync(join(space, "stage5", "notes.txt"), "about the stage");
  const repos = { "spaces/owner/demo": space };
  const { environment } = await startHub({ repos, branches: ["release@5"] });
  const { status, stdout, stderr } = runCli(["model", "download", "spaces/owner/demo@release@5"], {
    ...environment,
    GRYM_CACHE: join(folder, "cache"),
    HF_HOME: join(folder, "hf"),
  });
  expect([status, stderr]).toEqual([0, expect.not.stringContaining("config.json")]);
  expect(stdout).toContain("files without a config.json, which are no model as they are");
});
