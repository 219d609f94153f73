import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BrowserProcess } from "../../../display/picture/browser-process.ts";
import { findBrowser } from "../../../display/picture/find-browser.ts";
import { LabPage } from "./lab-page.ts";
import { LabServer } from "./lab-server.ts";

const found = findBrowser();
const pictures = join(import.meta.dirname, "..", "..", "..", "..", "build", "lab");
const folder = mkdtempSync(join(tmpdir(), "grym-lab-"));

const CELLS = [
  "({ data: [{ y: [1, 3, 2] }], layout: { title: { text: 'Three values' } } })",
  'Array.from({ length: 50 }, (_, n) => ({ clip: "clip " + n, score: n / 7 }))',
  `import { AudioClip } from "grym-synth";
AudioClip.fromSamples(Float32Array.from({ length: 16000 }, (_, n) => Math.sin(n * n / 20000) / 2), 16000)`,
  `import { progress } from "grym-synth/display";
const bar = progress("listening");
for (let done = 1; done <= 3; done++) {
  await new Promise((resolve) => setTimeout(resolve, 50));
  bar({ done, total: 3, unit: "clips" });
}`,
  "const veryLongNameOfOne = 1, veryLongNameOfTwo = 2;",
  "for (;;) {}",
  "",
];

function notebook(): string {
  const cells = CELLS.map((source, index) => ({
    cell_type: "code",
    id: `cell-${index}`,
    execution_count: null,
    metadata: {},
    outputs: [],
    source,
  }));
  const kernelspec = { name: "grym-synth", display_name: "TypeScript (grym-synth)" };
  const metadata = { kernelspec, language_info: { name: "typescript" } };
  return JSON.stringify({ cells, metadata, nbformat: 4, nbformat_minor: 5 });
}

// Skipped where no Chromium is: `npm test` installs one as root, and says so where it cannot.
describe.skipIf(found.path === undefined)("JupyterLab in a browser", { timeout: 180_000 }, () => {
  let server: LabServer;
  let browser: BrowserProcess;
  let lab: LabPage;

  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    mkdirSync(join(folder, "notebooks"));
    writeFileSync(join(folder, "notebooks", "tiny.ipynb"), notebook());
    server = await LabServer.start(join(folder, "notebooks"), folder);
    browser = new BrowserProcess(found.path ?? "");
    const url = `http://127.0.0.1:${server.port}/lab/tree/tiny.ipynb?token=t`;
    lab = await LabPage.open(await browser.openPage(), url);
  }, 180_000);

  afterAll(async () => {
    browser?.close();
    await server?.stop();
    rmSync(folder, { recursive: true, maxRetries: 3 });
  });

  async function select(cell: number): Promise<void> {
    await lab.click(`.jp-Notebook .jp-CodeCell[data-windowed-list-index="${cell}"] .cm-content`);
  }

  test("runs all cells and shows plot, table, player and progress; a loop is interrupted", async () => {
    await lab.command("notebook:run-all-cells");
    await lab.shows(0, ".js-plotly-plot .plot-container svg");
    await lab.shows(1, "table");
    await lab.says(1, "50 rows × 2 columns");
    await lab.shows(2, "audio[controls]");
    await lab.shows(2, 'img[src^="data:image/svg+xml"]');
    await lab.says(3, "3/3 clips");
    await lab.photograph(join(pictures, "run-all.png"));
    await lab.click(
      '[data-command="notebook:interrupt-kernel"], [data-jp-item-name="interrupt"] button, [data-jp-item-name="interrupt"] jp-button',
    );
    await lab.says(5, "KeyboardInterrupt");
  });

  test("completes a name with Tab, and runs the cell that was edited", async () => {
    await select(6);
    await lab.type("veryLongName");
    await lab.press("Tab");
    await lab.until(
      'document.querySelectorAll(".jp-Completer-item").length >= 2',
      "two completions",
    );
    await lab.photograph(join(pictures, "completion.png"));
    await lab.press("Enter");
    await lab.until(
      '!document.querySelector(".jp-Completer:not(.lm-mod-hidden) .jp-Completer-item")',
      "end of the list",
    );
    await lab.type(" + 41");
    await lab.press("Enter", { shift: true });
    await lab.says(6, "42");
    await lab.photograph(join(pictures, "after-interrupt.png"));
    expect(server.log).not.toContain("Traceback");
  });
});
