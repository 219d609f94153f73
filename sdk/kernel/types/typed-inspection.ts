/** What the language server says of the name at a cursor, or of the call around it. */

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { HEADER_LINES } from "./cell-chain.ts";
import type { CellTypes } from "./cell-types.ts";
import { placeAt } from "./place.ts";
import type { Definition, Signature, TypeServer } from "./type-server.ts";

/** Lines of a declaration that are shown. */
const SOURCE_LINES = 80;
const DECLARATIONS = 3;
/** What a hover says of a name that it does not know. */
const UNKNOWN = "```typescript\nany\n```\n";

export interface TypedFacts {
  /** Markdown: signature and documentation. */
  readonly description: string | undefined;
  readonly sources: readonly DeclarationSource[];
}

/** The text of a declaration. */
export interface DeclarationSource {
  /** `file:line`, or words. */
  readonly place: string;
  readonly text: string;
}

/** Facts about the word that touches the cursor; between words, about the call around it. */
export async function typedFacts(
  types: CellTypes,
  code: string,
  cursor: number,
  withSource: boolean,
): Promise<TypedFacts | undefined> {
  return await types.ask(async (server, chain) => {
    const document = chain.document(code);
    const word = wordStart(code, cursor);
    if (word === undefined) {
      const signature = await server.signature(document, placeAt(code, cursor));
      return { description: signature && signatureText(signature), sources: [] };
    }
    const place = placeAt(code, word);
    const hover = await server.hover(document, place);
    const found = withSource ? await server.definitions(document, place) : [];
    const statement = chain.statementOf(wordAt(code, word));
    const sources = found
      .slice(0, DECLARATIONS)
      .map((it) => sourceOf(server, it, document.text, statement));
    return { description: hover === UNKNOWN ? undefined : hover, sources };
  });
}

/** Where the word that touches the cursor begins. */
function wordStart(code: string, cursor: number): number | undefined {
  const before = /[\p{ID_Continue}$]*$/u.exec(code.slice(0, cursor))?.[0] ?? "";
  const after = /^[\p{ID_Continue}$]*/u.exec(code.slice(cursor))?.[0] ?? "";
  return /^[\p{ID_Start}$_]/u.test(before + after) ? cursor - before.length : undefined;
}

function wordAt(code: string, start: number): string {
  return /^[\p{ID_Continue}$]*/u.exec(code.slice(start))?.[0] ?? "";
}

function signatureText({ label, documentation }: Signature): string {
  const text = typeof documentation === "string" ? documentation : documentation?.value;
  return `\`\`\`ts\n${label}\n\`\`\`\n${text ?? ""}`;
}

function sourceOf(
  server: TypeServer,
  definition: Definition,
  document: string,
  statement: string | undefined,
): DeclarationSource {
  const { start, end } = definition.targetRange;
  const isOwn = server.isOwn(definition);
  // A value of an earlier cell is declared once more, by us, in the line before the user's first.
  if (isOwn && start.line < HEADER_LINES)
    return { place: "An earlier cell", text: statement ?? "" };
  const path = fileURLToPath(definition.targetUri);
  const lines = (isOwn ? document : readFileSync(path, "utf8")).split("\n");
  const shown = lines.slice(start.line, Math.min(end.line + 1, start.line + SOURCE_LINES));
  const place = server.isCell(definition) ? "An earlier cell" : `${path}:${start.line + 1}`;
  return { place: isOwn ? "This cell" : place, text: shown.join("\n") };
}
