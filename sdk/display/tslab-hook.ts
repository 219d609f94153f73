import type { DisplayHook, DisplayMessage } from "./kernel-hook.ts";
import type { MimeBundle } from "./mime.ts";

/** The part of tslab's module `tslab` that is used here (tslab 1.0.22, dist/public.d.ts). */
interface Tslab {
  readonly display: TslabDisplay;
  newDisplay(): TslabDisplay;
}

interface TslabDisplay {
  raw(type: string, content: string): void;
}

/** tslab sends one form of an output: the richest that every front end shows. */
const PREFERRED = ["text/html", "image/png", "image/svg+xml", "text/markdown", "text/plain"];

let hook: DisplayHook | undefined;

/** The kernel tslab, if this code runs in it, as the kernel that the display speaks to. */
export function tslabHook(): DisplayHook | undefined {
  hook ??= makeHook();
  return hook;
}

function makeHook(): DisplayHook | undefined {
  // tslab's own global; cells reach its module through this `require` alone.
  const { __tslab__: cell } = globalThis as { __tslab__?: { require(name: "tslab"): Tslab } };
  if (cell === undefined) return undefined;
  const tslab = cell.require("tslab");
  /** Of outputs that may be replaced, by their display id. */
  const shown = new Map<string, TslabDisplay>();
  return {
    publish({ data, transient, update }: DisplayMessage): void {
      const id = transient?.display_id;
      let target = id === undefined ? tslab.display : shown.get(id);
      // Its displays replace what they have shown before: another first showing needs another one.
      if (target === undefined || (id !== undefined && !update)) target = tslab.newDisplay();
      if (id !== undefined) shown.set(id, target);
      target.raw(...oneForm(data));
    },
    // It shows what comes after the end of a cell, too.
    hold: () => undefined,
  };
}

function oneForm(data: MimeBundle): [type: string, content: string] {
  for (const type of PREFERRED) {
    const content = data[type];
    if (typeof content === "string") return [type, content];
  }
  return ["text/plain", JSON.stringify(data)];
}
