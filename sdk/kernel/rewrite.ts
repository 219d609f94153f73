/**
 * A cell of TypeScript → a script for the main thread.
 *
 * The script is `(async (__grym) => { … })`. Top-level declarations become globals, so that later
 * cells see them and may declare them again with any keyword; `using` stays local and is disposed
 * at the end of its cell; the last expression is returned in a box; imports come first.
 */

import type { SourceMapPayload } from "node:module";
import { parseSync } from "oxc-parser";
import { transformSync } from "oxc-transform";
import { syntaxErrorOf } from "./cell-syntax-error.ts";
import { DeclaredNames } from "./declared-names.ts";
import { DeclarationRewriter } from "./rewrite-declarations.ts";
import { rewriteExpressions } from "./rewrite-expressions.ts";
import { rewriteImport } from "./rewrite-imports.ts";
import { type CellMap, lineStarts } from "./source-map.ts";
import { TextEdits } from "./text-edits.ts";

/** A cell as a script, and the way back from its positions. */
export interface RewrittenCell {
  readonly code: string;
  readonly map: CellMap;
  /** Names that become properties of `globalThis`. */
  readonly declares: readonly string[];
  /** Names of Node that the cell declares for itself and for later cells. */
  readonly keeps: readonly string[];
}

/**
 * Rewrites a cell.
 *
 * @param nodeGlobals names that Node and packages rely on (`crypto`, `setTimeout`). A cell that
 *   declares one gets its own binding; the global itself stays as it is.
 * @param kept such names that earlier cells have declared: visible in this cell when it uses them.
 * @throws CellSyntaxError
 */
export function rewriteCell(
  source: string,
  nodeGlobals: ReadonlySet<string> = new Set(),
  kept: ReadonlySet<string> = new Set(),
): RewrittenCell {
  const text = asExpression(source);
  const { code, payload } = transpile(text);
  const { program } = parseSync("cell.js", code, { sourceType: "module", lang: "js" });
  const edits = new TextEdits(code);
  const names = new DeclaredNames(nodeGlobals);
  const rewriter = new DeclarationRewriter(edits, names);
  rewriter.program(program, endsWithExpression(text));
  const mentioned = rewriteExpressions(program, edits, names);
  for (const node of program.body) {
    if (node.type !== "ImportDeclaration") continue;
    rewriteImport(node, edits, names, (name) => mentioned.has(name));
  }
  for (const [start, end] of rewriter.functions) edits.hoist(start, end);
  const own = new Set([...names.kept, ...names.globals]);
  const shadowing = [...kept].filter((name) => mentioned.has(name) && !own.has(name));
  const prelude = [
    '"use strict";',
    ...shadowing.map((name) => `const ${name} = __grym.kept(${JSON.stringify(name)});`),
    ...rewriter.vars.map((name) => `${name} = void 0;`),
  ];
  const edited = edits.render(`(async (__grym) => {${prelude.join("")}`, "\n})");
  const map = {
    scriptLines: lineStarts(edited.text),
    spans: edited.spans,
    transpiledLines: lineStarts(code),
    payload,
  };
  return { code: edited.text, map, declares: names.globals, keeps: names.kept };
}

function transpile(text: string): { code: string; payload: SourceMapPayload } {
  // sourceType "module" allows top-level await and `using`; unused imports are kept, since a later
  // cell may use them.
  const { code, map, errors } = transformSync("cell.ts", text, {
    sourceType: "module",
    lang: "ts",
    sourcemap: true,
    typescript: { onlyRemoveTypeImports: true },
  });
  if (errors.length > 0 || map === undefined) throw syntaxErrorOf(text, errors);
  const { sources, names, mappings } = map;
  const payload = { version: 3, file: "", sourceRoot: "", sources, sourcesContent: [], names };
  return { code, payload: { ...payload, mappings } };
}

/** `{a: 1}` alone is an object for its writer, though a block for the grammar (as in Node's REPL). */
export function asExpression(source: string): string {
  if (!/^\s*\{[\s\S]*\}\s*$/.test(source)) return source;
  const wrapped = `(${source})`;
  const { errors } = parseSync("cell.ts", wrapped, { sourceType: "module" });
  return errors.length === 0 ? wrapped : source;
}

/** Whether the user's text ends with an expression (not, say, a namespace, which becomes one). */
function endsWithExpression(text: string): boolean {
  const { program } = parseSync("cell.ts", text, { sourceType: "module" });
  return program.body.at(-1)?.type === "ExpressionStatement";
}
