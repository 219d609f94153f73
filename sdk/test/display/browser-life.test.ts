import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { findBrowser } from "../../display/picture/find-browser.ts";
import { browserProcesses } from "./browser-processes.ts";

const folder = mkdtempSync(join(tmpdir(), "browser-life-"));
const display = pathToFileURL(join(import.meta.dirname, "..", "..", "display", "index.ts"));

afterAll(() => rmSync(folder, { recursive: true }));

/** A Node process that draws a figure, says so, and then does what `afterwards` says. */
function drawIn(name: string, afterwards: string): ReturnType<typeof spawn> {
  const script = join(folder, `${name}.mjs`);
  writeFileSync(
    script,
    `import { bundleOf, figure } from ${JSON.stringify(display.href)};
    const bundle = await bundleOf(figure({ data: [{ type: "bar", y: [1, 2] }] }));
    console.log(Object.keys(bundle).join());
    ${afterwards}`,
  );
  const env = { ...process.env, TMPDIR: folder };
  return spawn(process.execPath, ["--no-warnings", script], {
    env,
    stdio: ["ignore", "pipe", "inherit"],
  });
}

async function allGone(): Promise<boolean> {
  const deadline = Date.now() + 15_000;
  while (Date.now() < deadline && browserProcesses(folder).length > 0) await sleep(100);
  return browserProcesses(folder).length === 0;
}

describe.skipIf(findBrowser().path === undefined || process.platform !== "linux")(
  "the browser of a process",
  () => {
    test("does not keep Node alive, and leaves neither process nor profile", {
      timeout: 60_000,
    }, async () => {
      const node = drawIn("ending", "");
      const [code] = await once(node, "exit");
      expect(code).toBe(0);
      expect(await allGone()).toBe(true);
      expect(readdirSync(folder).filter((name) => name.startsWith("grym-synth-browser"))).toEqual(
        [],
      );
    });

    test("ends with a Node that is killed", { timeout: 60_000 }, async () => {
      const node = drawIn("killed", "setInterval(() => {}, 1000);");
      if (node.stdout === null) throw new Error("the script has a stdout");
      const [line] = await once(node.stdout, "data");
      expect(String(line)).toContain("image/png");
      expect(browserProcesses(folder).length).toBeGreaterThan(0);
      node.kill("SIGKILL");
      expect(await allGone()).toBe(true);
    });
  },
);
