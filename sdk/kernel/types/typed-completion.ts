/** Completions of the language server, the nearest first, with signatures of those that are read. */

import type { Candidate } from "../completion.ts";
import { within } from "../deadline.ts";
import type { CellTypes } from "./cell-types.ts";
import { placeAt } from "./place.ts";
import type { CompletionItem, TypeServer } from "./type-server.ts";

/** Signatures cost a question each, and a list is read from its top. */
const RESOLVED = 20;
const BROUGHT_IN = 50;
const RESOLVE_LIMIT_MS = 1000;

/** LSP's numbers of kinds → the names that JupyterLab has icons for. */
const KINDS: Readonly<Record<number, string>> = {
  2: "method",
  3: "function",
  4: "constructor",
  5: "field",
  6: "variable",
  7: "class",
  8: "interface",
  9: "module",
  10: "property",
  12: "value",
  13: "enum",
  14: "keyword",
  17: "file",
  19: "folder",
  20: "enum",
  21: "constant",
  25: "type",
};

/** What TypeScript would put at the cursor. @param prefix what is written of it already */
export async function typedCandidates(
  types: CellTypes,
  code: string,
  cursor: number,
  prefix: string,
): Promise<readonly Candidate[]> {
  const found = await types.ask(async (server, chain) => {
    const isInScope = !isMember(code.slice(0, cursor - prefix.length));
    const earlier = isInScope ? chain.names.filter((name) => name.startsWith(prefix)) : [];
    // The newest are brought in, so that TypeScript can tell of them; of the others there is the name.
    const document = chain.document(code, earlier.slice(-BROUGHT_IN));
    const items = await server.completion(document, placeAt(code, cursor));
    const fitting = items.filter((item) => isPlain(item) && item.label.startsWith(prefix));
    const sorted = fitting.toSorted((a, b) => compare(a, b));
    const known = new Set(sorted.map(({ label }) => label));
    const others = earlier.filter((name) => !known.has(name)).map((text): Candidate => ({ text }));
    return [...(await described(server, sorted)), ...others];
  });
  return found ?? [];
}

/** Neither an import that would have to be added, nor a text that is not the label. */
function isPlain(item: CompletionItem): boolean {
  return item.data?.autoImport === undefined && (item.insertText ?? item.label) === item.label;
}

/** Whether a name here is a member or the text of a string, not one in scope. */
function isMember(before: string): boolean {
  return /[."'`]$/.test(before);
}

function compare(a: CompletionItem, b: CompletionItem): number {
  const order = (item: CompletionItem): string => item.sortText ?? item.label;
  return order(a) < order(b) ? -1 : order(a) > order(b) ? 1 : a.label.localeCompare(b.label);
}

async function described(
  server: TypeServer,
  items: readonly CompletionItem[],
): Promise<Candidate[]> {
  const resolved = await Promise.all(
    items.slice(0, RESOLVED).map((item) => within(server.resolve(item), RESOLVE_LIMIT_MS)),
  );
  return items.map((item, index) => candidateOf(resolved[index] ?? item));
}

function candidateOf({ label, kind, detail, documentation }: CompletionItem): Candidate {
  const text = typeof documentation === "string" ? documentation : documentation?.value;
  return { text: label, type: KINDS[kind ?? 0], signature: detail, documentation: text };
}
