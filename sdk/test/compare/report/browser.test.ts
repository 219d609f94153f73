import { afterAll, describe, expect, it } from "vitest";
import { StudyReport, type StudyResults } from "../../../compare/index.ts";
import type { BrowserPage } from "../../../display/picture/browser-page.ts";
import { BrowserProcess } from "../../../display/picture/browser-process.ts";
import { findBrowser } from "../../../display/picture/find-browser.ts";
import { RESULTS, SAMPLES, sourceOf } from "./fixture.ts";

const found = findBrowser();
const browser = found.path === undefined ? undefined : new BrowserProcess(found.path);
afterAll(() => browser?.close());

/** A report in a page of its own. */
async function openPage(change: Partial<StudyResults> = {}): Promise<BrowserPage> {
  if (browser === undefined) throw new Error("there is no browser");
  const page = await browser.openPage();
  const { frameTree } = (await page.send("Page.getFrameTree")) as {
    frameTree: { frame: { id: string } };
  };
  const { html } = new StudyReport(sourceOf(change, SAMPLES));
  await page.send("Page.setDocumentContent", { frameId: frameTree.frame.id, html });
  // The page is long: it is told to be there before it is read to its end.
  await page.evaluate(`new Promise((resolve) => {
    const look = () => (document.readyState === "complete" ? resolve(true) : setTimeout(look, 10));
    look();
  })`);
  return page;
}

const VISIBLE = `[...document.querySelectorAll("details > :not(summary)")]
  .filter((part) => part.checkVisibility({ contentVisibilityAuto: true }) && part.offsetHeight !== 0).length`;
const FOLDED = `document.querySelectorAll("details").length`;

describe.skipIf(browser === undefined)("the page of a report in a browser", () => {
  it("shows a folded page on the screen, and all of it on paper", async () => {
    const page = await openPage();
    const folded = (await page.evaluate(FOLDED)) as number;
    expect(folded).toBeGreaterThan(0);
    expect(await page.evaluate(VISIBLE)).toBe(0);
    await page.send("Emulation.setEmulatedMedia", { media: "print" });
    // What a medium shows comes with the next rendering, not with the answer to the command.
    await expect.poll(() => page.evaluate(VISIBLE)).toBeGreaterThanOrEqual(folded);
  });

  it("cuts no label of a picture off, however long and whatever the font", async () => {
    const name = "wav2vec2-large-960h-lv60-self-random-weights";
    const verdicts = RESULTS.verdicts.map((it) => ({ ...it, a: name, b: `${name}-2` }));
    const page = await openPage({ verdicts });
    const cut = await page.evaluate(`[...document.querySelectorAll("details")]
      .map((part) => { part.open = true; return part; })
      .flatMap((part) => [...part.querySelectorAll("svg > g text")])
      .filter((text) => text.getBoundingClientRect().left < text.ownerSVGElement.getBoundingClientRect().left)
      .map((text) => text.textContent)`);
    expect(cut).toEqual([]);
    expect(verdicts.length).toBeGreaterThan(0);
  });

  it("plays its sounds from the page itself", async () => {
    const page = await openPage();
    const seconds = await page.evaluate(`new Promise((resolve, reject) => {
      const audio = document.querySelector("audio");
      audio.onloadedmetadata = () => resolve(audio.duration);
      audio.onerror = () => reject(new Error(audio.error.message));
      audio.load();
    })`);
    expect(seconds).toBeGreaterThan(0.5);
    expect(RESULTS.deciding.length).toBeGreaterThan(0);
  });
});
