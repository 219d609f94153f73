/**
 * Completion: what TypeScript knows of the names, what the values hold, and files inside strings.
 *
 * An answer comes while a cell spins, and while native code holds the main thread.
 */

import { characters, cursorOf, textOf } from "./cursor.ts";
import { firstAnswers } from "./deadline.ts";
import { liveNames } from "./live-completion.ts";
import type { MainInspector } from "./main-inspector.ts";
import { filesMatching } from "./path-completion.ts";
import { openString } from "./string-at-cursor.ts";
import type { CellTypes } from "./types/cell-types.ts";
import { typedCandidates } from "./types/typed-completion.ts";
import type { JsonObject } from "./wire-message.ts";

/** A text that may stand at the cursor, and what is known of it. */
export interface Candidate {
  readonly text: string;
  /** As JupyterLab's icons know it: `function`, `class`, `property`, `path` … */
  readonly type?: string | undefined;
  /** As TypeScript writes it. */
  readonly signature?: string | undefined;
  /** Markdown. */
  readonly documentation?: string | undefined;
}

/** What completes, and which piece of the text it replaces. */
export interface Completion {
  readonly candidates: readonly Candidate[];
  readonly start: number;
}

const NAME_AT_END = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*$/u;
const VALID_NAME = /^[\p{ID_Start}$_#][\p{ID_Continue}$\u200c\u200d]*$/u;

/** Content of the reply to a `complete_request`. */
export async function completeReply(
  inspector: MainInspector,
  types: CellTypes,
  content: JsonObject,
): Promise<JsonObject> {
  const code = textOf(content);
  const cursor = cursorOf(content, code);
  const { candidates, start: from } = await complete(inspector, types, code, cursor);
  const [start, end] = [characters(code, from), characters(code, cursor)];
  return {
    status: "ok",
    matches: candidates.map(({ text }) => text),
    cursor_start: start,
    cursor_end: end,
    metadata: {
      // IPython's way to say more of a match; JupyterLab shows the type.
      _jupyter_types_experimental: candidates.map((candidate) => ({ start, end, ...candidate })),
    },
  };
}

async function complete(
  inspector: MainInspector,
  types: CellTypes,
  code: string,
  cursor: number,
): Promise<Completion> {
  const before = code.slice(0, cursor);
  const string = openString(before);
  const prefix = string ?? NAME_AT_END.exec(before)?.[0] ?? "";
  const [typed, live] = await firstAnswers(
    typedCandidates(types, code, cursor, prefix),
    liveNames(inspector, before.slice(0, before.length - prefix.length)),
    (found) => found.length > 0,
  );
  const fits = (text: string): boolean =>
    text.startsWith(prefix) &&
    (string !== undefined || VALID_NAME.test(text)) &&
    (prefix.startsWith("_") || !text.startsWith("_"));
  const named = new Map<string, Candidate>();
  for (const candidate of typed ?? []) named.set(candidate.text, candidate);
  for (const text of live ?? []) if (!named.has(text)) named.set(text, { text });
  const candidates = [...named.values()].filter(({ text }) => fits(text));
  if (string === undefined) return { candidates, start: cursor - prefix.length };
  return { candidates: [...candidates, ...filesMatching(string)], start: cursor - string.length };
}
