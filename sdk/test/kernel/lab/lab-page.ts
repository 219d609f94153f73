import { writeFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import type { BrowserPage } from "../../../display/picture/browser-page.ts";

const LIMIT_MS = 60_000;
const REST_MS = 150;

/** Keys as the DevTools protocol wants them (Input.dispatchKeyEvent). */
const KEYS = {
  Enter: { key: "Enter", code: "Enter", windowsVirtualKeyCode: 13, text: "\r" },
  Tab: { key: "Tab", code: "Tab", windowsVirtualKeyCode: 9 },
} as const;
const SHIFT = 8;

/** A notebook in a page of JupyterLab, used as a person would. */
export class LabPage {
  readonly #page: BrowserPage;

  private constructor(page: BrowserPage) {
    this.#page = page;
  }

  static async open(page: BrowserPage, url: string): Promise<LabPage> {
    // Tall: JupyterLab draws only the cells that can be seen.
    const size = { width: 1200, height: 1800, deviceScaleFactor: 1, mobile: false };
    await page.send("Emulation.setDeviceMetricsOverride", size);
    await page.send("Page.navigate", { url });
    const lab = new LabPage(page);
    await lab.#untilKernel(new URL(url).pathname.split("/").at(-1) ?? "");
    return lab;
  }

  /** Opens another notebook, in front of the others. */
  async openNotebook(name: string): Promise<void> {
    await this.command("docmanager:open", { path: name });
    await this.#untilKernel(name);
  }

  async #untilKernel(name: string): Promise<void> {
    const context = "window.jupyterapp?.shell.currentWidget?.sessionContext";
    await this.until(`${context}?.name === "${name}" && ${context}.session?.kernel`, "a kernel");
  }

  /** Waits until an expression holds in the page. */
  async until(expression: string, what: string): Promise<void> {
    for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(100)) {
      if ((await this.#page.evaluate(`Boolean(${expression})`)) === true) return;
    }
    throw new Error(`no ${what} in the page`);
  }

  /** Waits until a cell has drawn what a selector finds. */
  async shows(cell: number, selector: string): Promise<void> {
    await this.until(`${output(cell)}?.querySelector(${JSON.stringify(selector)})`, selector);
  }

  /** Waits until the output of a cell has some words. */
  async says(cell: number, words: string): Promise<void> {
    await this.until(`${output(cell)}?.innerText.includes(${JSON.stringify(words)})`, words);
  }

  /** A command of JupyterLab, by its name. */
  async command(name: string, args: object = {}): Promise<void> {
    const call = `${JSON.stringify(name)}, ${JSON.stringify(args)}`;
    // Not awaited: running a cell that loops would never end.
    await this.#page.evaluate(`void window.jupyterapp.commands.execute(${call})`);
  }

  /** Clicks on what a selector finds, when it has come to rest: panels open beside it. */
  async click(selector: string): Promise<void> {
    const at = await this.#restingPlace(selector);
    for (const type of ["mousePressed", "mouseReleased"]) {
      const event = { type, ...at, button: "left", clickCount: 1 };
      await this.#page.send("Input.dispatchMouseEvent", event);
    }
  }

  async #restingPlace(selector: string): Promise<object> {
    const place = `(() => {
      const box = document.querySelector(${JSON.stringify(selector)})?.getBoundingClientRect();
      return box && { x: box.x + box.width / 2, y: box.y + box.height / 2 };
    })()`;
    let last: string | undefined;
    for (const end = Date.now() + LIMIT_MS; Date.now() < end; await sleep(REST_MS)) {
      const at = (await this.#page.evaluate(place)) as object | undefined; // as written above
      if (at !== undefined && JSON.stringify(at) === last) return at;
      last = JSON.stringify(at);
    }
    throw new Error(`no ${selector} in the page`);
  }

  async type(text: string): Promise<void> {
    await this.#page.send("Input.insertText", { text });
  }

  async press(name: keyof typeof KEYS, { shift = false }: { shift?: boolean } = {}): Promise<void> {
    const event = { ...KEYS[name], modifiers: shift ? SHIFT : 0 };
    await this.#page.send("Input.dispatchKeyEvent", { type: "keyDown", ...event });
    await this.#page.send("Input.dispatchKeyEvent", { ...event, type: "keyUp", text: undefined });
  }

  /** What an expression gives in the page. */
  async read(expression: string): Promise<unknown> {
    return await this.#page.evaluate(expression);
  }

  /** Keeps a picture of the page: for people, after the test. */
  async photograph(path: string): Promise<void> {
    const { data } = (await this.#page.send("Page.captureScreenshot")) as { data: string };
    writeFileSync(path, Buffer.from(data, "base64"));
  }
}

/** Selector of a cell of the notebook in front. */
export function cellOf(index: number): string {
  const front = ".jp-NotebookPanel:not(.lm-mod-hidden)";
  return `${front} .jp-CodeCell[data-windowed-list-index="${index}"]`;
}

function output(cell: number): string {
  return `document.querySelector(${JSON.stringify(cellOf(cell))})?.querySelector(".jp-OutputArea")`;
}
