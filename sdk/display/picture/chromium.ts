import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import type { FigureSpec } from "../figure/spec.ts";
import type { BrowserPage } from "./browser-page.ts";
import { BrowserProcess } from "./browser-process.ts";

/** Size of a picture in CSS px; `scale` picture px each. */
export interface PictureSize {
  width: number;
  height: number;
  scale: number;
}

/** A headless Chromium with plotly.js loaded, which turns figures into PNG. */
export class Chromium {
  readonly #browser: BrowserProcess;
  readonly #page: BrowserPage;

  private constructor(browser: BrowserProcess, page: BrowserPage) {
    this.#browser = browser;
    this.#page = page;
  }

  /**
   * Starts the browser and loads plotly.js into it.
   *
   * @throws an Error that says why it did not start: exit code and last words, or the time it took
   */
  static async launch(path: string, timeoutMs: number): Promise<Chromium> {
    const browser = new BrowserProcess(path);
    try {
      const page = await withTimeout(openPlotly(browser), timeoutMs, "starting the browser");
      return new Chromium(browser, page);
    } catch (reason) {
      browser.close();
      throw reason;
    }
  }

  get ended(): boolean {
    return this.#browser.ended;
  }

  /** Draws a figure. The bytes are a PNG file. */
  async png(spec: FigureSpec, size: PictureSize, timeoutMs: number): Promise<Uint8Array> {
    const options = JSON.stringify({ format: "png", ...size });
    const drawing = this.#page.evaluate(`Plotly.toImage(${JSON.stringify(spec)}, ${options})`);
    const url = await withTimeout(drawing, timeoutMs, "drawing the figure");
    const encoded = /^data:image\/png;base64,(.+)$/.exec(String(url))?.[1];
    if (encoded === undefined) throw new Error("plotly.js returned no PNG");
    return Buffer.from(encoded, "base64");
  }

  /** Ends the browser and removes its profile. */
  close(): void {
    this.#browser.close();
  }
}

async function openPlotly(browser: BrowserProcess): Promise<BrowserPage> {
  const page = await browser.openPage();
  const source = createRequire(import.meta.url).resolve("plotly.js-dist-min");
  await page.evaluate(`${readFileSync(source, "utf8")};typeof Plotly.toImage`);
  return page;
}

async function withTimeout<T>(work: Promise<T>, timeoutMs: number, doing: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`${doing} took longer than ${timeoutMs / 1000} s`));
  }, timeoutMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
