import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, test } from "vitest";
import {
  bundleOf,
  closeBrowser,
  type FigureOptions,
  figure,
  type MimeBundle,
} from "../../display/index.ts";
import { METADATA } from "../../display/mime.ts";
import { Chromium } from "../../display/picture/chromium.ts";
import { findBrowser } from "../../display/picture/find-browser.ts";
import { browserProcesses } from "./browser-processes.ts";
import { readXml } from "./read-xml.ts";

const BARS: FigureOptions = {
  title: "Two arms",
  data: [
    {
      type: "bar",
      name: "linear",
      x: ["gama-tiny", "fbank"],
      y: Float32Array.of(0.8, 0.6),
      error_y: { array: [0.03, 0.05] },
    },
  ],
  layout: { yaxis: { title: "accuracy" } },
};

const PLOTLY = "application/vnd.plotly.v1+json";
const found = findBrowser();
const folder = mkdtempSync(join(tmpdir(), "figure-test-"));
const environment = { ...process.env };

function fakeBrowser(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${script}\n`);
  chmodSync(path, 0o755);
  return path;
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, "SIGKILL");
  } catch (error) {
    // Helpers of the browser end with it.
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

function expectSvg(bundle: MimeBundle): void {
  expect(bundle).not.toHaveProperty("image/png");
  const elements = readXml(String(bundle["image/svg+xml"]));
  expect(elements.filter(({ attributes }) => attributes["class"] === "bar")).toHaveLength(2);
}

afterAll(async () => {
  await closeBrowser();
  rmSync(folder, { recursive: true });
});

describe("figure", () => {
  beforeEach(() => {
    process.env["GRYM_BROWSER"] = "none";
  });
  afterEach(() => {
    process.env = { ...environment };
  });

  test("gives plotly plain JSON with the house template, and words", async () => {
    const bundle = await bundleOf(figure(BARS));
    const spec = bundle[PLOTLY] as { data: { y: number[] }[]; layout: Record<string, unknown> };
    expect(spec.data[0]?.y).toEqual([0.8, 0.6]);
    expect(spec.layout["template"]).toHaveProperty("layout.colorway");
    // plotly.js 3 and later ignore a title that is a bare string.
    expect(spec.layout["yaxis"]).toMatchObject({ title: { text: "accuracy" } });
    expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
    expect(bundle["text/plain"]).toContain("Figure: Two arms");
    expect(bundle["text/plain"]).toContain("gama-tiny 0.8 ± 0.03");
  });

  test("keeps what the caller decided", async () => {
    const layout = { height: 300, xaxis: { showgrid: true }, showlegend: true, margin: { t: 5 } };
    const bundle = await bundleOf(figure({ ...BARS, layout }));
    const spec = bundle[PLOTLY] as { layout: Record<string, unknown> };
    expect(spec.layout).toMatchObject({ height: 300, showlegend: true, margin: { t: 5 } });
    expect(spec.layout["xaxis"]).toMatchObject({ showgrid: true, type: "category" });
  });

  test("brings an SVG where there is no browser", async () => {
    const bundle = await bundleOf(figure(BARS));
    expectSvg(bundle);
    expect(bundle["text/plain"]).toContain("GRYM_BROWSER=none");
  });

  test("brings an SVG and the reason where GRYM_BROWSER names nothing", async () => {
    process.env["GRYM_BROWSER"] = "/nowhere/chromium";
    const bundle = await bundleOf(figure(BARS));
    expectSvg(bundle);
    expect(bundle["text/plain"]).toContain(
      "GRYM_BROWSER is /nowhere/chromium, which cannot be run",
    );
  });

  test("brings an SVG and the browser's last words where the browser dies", async () => {
    process.env["GRYM_BROWSER"] = fakeBrowser("dying", "echo no display >&2; exit 3");
    const bundle = await bundleOf(figure(BARS));
    expectSvg(bundle);
    expect(bundle["text/plain"]).toMatch(/dying: the browser ended with code 3: no display/);
  });

  test.skipIf(found.path === undefined)(
    "brings a PNG of twice the size, with the size that is meant, where a browser is found",
    { timeout: 60_000 },
    async () => {
      process.env["GRYM_BROWSER"] = found.path;
      const bundle = await bundleOf(figure(BARS));
      expect(bundle).not.toHaveProperty("image/svg+xml");
      const png = Buffer.from(String(bundle["image/png"]), "base64");
      expect(png.subarray(1, 4).toString()).toBe("PNG");
      expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1520, 880]);
      expect(bundle[METADATA]).toEqual({ "image/png": { width: 760, height: 440 } });
    },
  );

  test.skipIf(found.path === undefined || process.platform !== "linux")(
    "starts a new browser when the old one was killed",
    async () => {
      process.env["GRYM_BROWSER"] = found.path;
      await bundleOf(figure(BARS));
      process.env["TMPDIR"] = folder;
      await closeBrowser();
      await bundleOf(figure(BARS));
      for (const pid of browserProcesses(folder)) killIfThere(pid);
      const bundles = [await bundleOf(figure(BARS)), await bundleOf(figure(BARS))];
      // The first may meet the dying browser, which costs it the PNG, not the cell.
      expect(bundles[0]).toSatisfy((b: MimeBundle) => "image/png" in b || "image/svg+xml" in b);
      expect(bundles[1]).toHaveProperty("image/png");
    },
  );
});

describe("a browser that does not answer", () => {
  test("is given up after its time, and ended", async () => {
    const path = fakeBrowser("silent", "exec sleep 60");
    await expect(Chromium.launch(path, 300)).rejects.toThrow(
      "starting the browser took longer than 0.3 s",
    );
  });
});

describe("findBrowser", () => {
  test("looks through the PATH, and says when there is none", () => {
    const path = fakeBrowser("chromium", "exit 0");
    expect(findBrowser({ PATH: `/nowhere:${folder}` })).toEqual({ path });
    expect(findBrowser({ PATH: "/nowhere" })).toEqual({
      path: undefined,
      reason: "no Chromium found",
    });
  });
});
