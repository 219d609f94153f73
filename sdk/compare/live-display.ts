import { randomUUID } from "node:crypto";
import { html, trustedHtml } from "../display/html.ts";
import { displayHook } from "../display/kernel-hook.ts";
import { DISPLAY, type Displayable, type MimeBundle } from "../display/mime.ts";
import { type Look, lookSentence, type OnLook } from "./look.ts";

/** A display of a running study. It is itself the function to give as `onLook`. */
export interface LiveDisplay extends Displayable, OnLook {}

/**
 * Shows the declared comparisons while a study runs: a line for each, which changes as sources are finished.
 * Outside a notebook it writes to stderr, on a terminal over its own line.
 *
 * @example
 * await runStudy(study, { onLook: liveView() });
 */
export function liveView(): LiveDisplay {
  const displayId = `study-${randomUUID()}`;
  let looks: readonly Look[] = [];
  let isShown = false;
  const bundle = (): MimeBundle => lookBundle(looks);
  const onLook = (found: readonly Look[]): void => {
    looks = found;
    const kernel = displayHook();
    if (kernel === undefined) print(found);
    else {
      const transient = { display_id: displayId };
      kernel.publish({ data: bundle(), metadata: {}, transient, update: isShown });
    }
    isShown = true;
  };
  return Object.assign(onLook, { [DISPLAY]: bundle });
}

function lookBundle(looks: readonly Look[]): MimeBundle {
  const lines = looks.map(lookSentence);
  const rows = lines.map((line) => html`<div>${line}</div>`.source).join("");
  const shown = trustedHtml(rows, lines.join("\n") || "Nothing was looked at yet");
  return { "text/html": shown.source, "text/plain": shown.text };
}

function print(looks: readonly Look[]): void {
  const isOne = process.stderr.isTTY === true && looks.length === 1;
  const lines = looks.map(lookSentence).join("\n");
  process.stderr.write(isOne ? `\r\u001b[K${lines}` : `${lines}\n`);
}
