import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { BrowserProcess } from "../../../display/picture/browser-process.ts";
import { findBrowser } from "../../../display/picture/find-browser.ts";
import { DebuggerPanel } from "./debugger-panel.ts";
import { cellOf, LabPage } from "./lab-page.ts";
import { LabServer } from "./lab-server.ts";
import { notebookFile } from "./notebook-file.ts";

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

const DEBUGGED = [
  `interface Row { id: number }
const rows: Row[] = [{ id: 4 }];
function double(n: number): number {
  const twice = 2 * n;
  return twice;
}
const sum = rows.reduce((total, row) => total + double(row.id), 0);
sum`,
  `import { total } from "./helper.ts";
total(rows)`,
  'throw new Error("nobody catches this");',
];

const HELPER = `interface Row { id: number }
enum Unit { ms = 1000 }

export function total(rows: Row[]): number {
  let sum = 0;
  for (const row of rows) sum += row.id * Unit.ms;
  return sum;
}
`;

// Skipped where no Chromium is: `npm test` installs one as root, and says so where it cannot.
describe.skipIf(found.path === undefined)("JupyterLab in a browser", { timeout: 180_000 }, () => {
  let server: LabServer;
  let browser: BrowserProcess;
  let lab: LabPage;

  beforeAll(async () => {
    mkdirSync(pictures, { recursive: true });
    mkdirSync(join(folder, "notebooks"));
    writeFileSync(join(folder, "notebooks", "tiny.ipynb"), notebookFile(CELLS));
    writeFileSync(join(folder, "notebooks", "debugged.ipynb"), notebookFile(DEBUGGED));
    writeFileSync(join(folder, "notebooks", "helper.ts"), HELPER);
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
    await lab.click(`${cellOf(cell)} .cm-content`);
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

  test("debugs: breakpoints by a click in cells and local files, variables, steps", async () => {
    await lab.openNotebook("debugged.ipynb");
    const panel = new DebuggerPanel(lab);
    await panel.switchOn();
    await panel.breakAt(cellOf(0), 4);
    await select(0);
    await lab.press("Enter", { shift: true });
    await panel.standsAt("const twice = 2 * n;");
    await panel.called("double", "Cell [*]:4");
    await panel.lists("n", "4");
    await lab.photograph(join(pictures, "breakpoint.png"));
    await panel.press("stepOver");
    await panel.standsAt("return twice;");
    await panel.lists("twice", "8");
    await panel.press("continue");
    await panel.goesOn();
    await lab.says(0, "8");
    // Nothing is paused now: what the cells have declared.
    await panel.lists("sum", "8");
    await panel.lists("rows", "Array(1) [Object]");
    await lab.command("debugger:render-mime-variable", { name: "rows" });
    await lab.until(
      'document.querySelector(".jp-VariableRendererPanel")?.innerText.includes("[ { id: 4 } ]")',
      "value in a panel of its own",
    );
    await lab.photograph(join(pictures, "variables.png"));

    await lab.openNotebook("debugged.ipynb");
    await panel.breakAt(cellOf(1), 2);
    await select(1);
    await lab.press("Enter", { shift: true });
    await panel.standsAt("total(rows)");
    await panel.press("stepIn");
    await panel.standsAt("let sum = 0;");
    await panel.breakAt(".jp-MainAreaWidget:not(.lm-mod-hidden) > .jp-CodeMirrorEditor", 7);
    await panel.press("continue");
    await panel.standsAt("return sum;");
    await panel.called("total", "helper.ts:7");
    await panel.lists("sum", "4000");
    await lab.photograph(join(pictures, "local-file.png"));
    await panel.press("continue");
    await panel.goesOn();
    await lab.openNotebook("debugged.ipynb");
    await lab.says(1, "4000");

    await panel.stopAtErrors("uncaught");
    await select(2);
    await lab.press("Enter", { shift: true });
    await panel.standsAt(DEBUGGED[2] ?? "");
    await lab.photograph(join(pictures, "uncaught-error.png"));
    await panel.press("continue");
    await lab.says(2, "nobody catches this");
    expect(server.log).not.toContain("[grym-synth kernel] fault");
  });
});
