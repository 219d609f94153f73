import type { FigureSpec } from "../figure/spec.ts";
import { HOUSE } from "../figure/template.ts";
import { Chromium } from "./chromium.ts";
import { findBrowser } from "./find-browser.ts";

/** A PNG of a figure with the size in CSS px at which it is meant, or why there is none. */
export type PngResult =
  | { png: Uint8Array; width: number; height: number }
  | { png: undefined; reason: string };

const LAUNCH_TIMEOUT_MS = 40_000;
const DRAW_TIMEOUT_MS = 20_000;
/** Picture px for each CSS px: sharp in print and on dense screens. */
const SCALE = 2;

// One browser for the process: starting it takes seconds, a figure a fraction of one.
let running: { path: string; chromium: Promise<Chromium> } | undefined;
// A browser that once did not start is not tried again: each try could cost the whole timeout.
const broken = new Map<string, string>();

/** Draws a figure with the browser of this machine, if there is one that works. Never throws. */
export async function drawPng(spec: FigureSpec): Promise<PngResult> {
  const found = findBrowser();
  if (found.path === undefined) return { png: undefined, reason: found.reason };
  const known = broken.get(found.path);
  if (known !== undefined) return { png: undefined, reason: known };
  try {
    const chromium = await chromiumAt(found.path);
    const { width = HOUSE.width, height = HOUSE.height } = spec.layout;
    const png = await chromium.png(spec, { width, height, scale: SCALE }, DRAW_TIMEOUT_MS);
    return { png, width, height };
  } catch (reason) {
    const words = `${found.path}: ${reason instanceof Error ? reason.message : String(reason)}`;
    return { png: undefined, reason: words };
  }
}

/** Ends the browser of this process, if one runs. It also ends by itself with the process. */
export async function closeBrowser(): Promise<void> {
  const last = running;
  running = undefined;
  if (last === undefined) return;
  const [outcome] = await Promise.allSettled([last.chromium]);
  if (outcome.status === "fulfilled") outcome.value.close();
}

async function chromiumAt(path: string): Promise<Chromium> {
  if (running !== undefined && running.path !== path) await closeBrowser();
  running ??= { path, chromium: launch(path) };
  const chromium = await running.chromium;
  if (!chromium.ended) return chromium;
  running = { path, chromium: launch(path) };
  return await running.chromium;
}

async function launch(path: string): Promise<Chromium> {
  try {
    return await Chromium.launch(path, LAUNCH_TIMEOUT_MS);
  } catch (reason) {
    broken.set(path, `${path}: ${reason instanceof Error ? reason.message : String(reason)}`);
    running = undefined;
    throw reason;
  }
}
