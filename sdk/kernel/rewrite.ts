/**
 * A cell of TypeScript → a script for the main thread.
 *
 * The script is `(async (__grym) => { … })`. Top-level declarations become globals, so that later
 * cells see them and may declare them again with any keyword; `using` stays local and is disposed
 * at the end of its cell; the last expression is returned in a box; imports come first.
 */

import { type Program, parseSync } from "oxc-parser";
import { cellNames } from "./cell-names.ts";
import { CellSyntaxError } from "./cell-syntax-error.ts";
import { DeclaredNames, HELPERS, keptName } from "./declared-names.ts";
import { type FreeName, freeNames } from "./free-names.ts";
import { DeclarationRewriter, lastStatement } from "./rewrite-declarations.ts";
import { type Identifiers, rewriteExpressions } from "./rewrite-expressions.ts";
import { moduleDeclarations, rewriteImport } from "./rewrite-imports.ts";
import { type CellMap, lineStarts } from "./source-map.ts";
import { TextEdits } from "./text-edits.ts";
import { type Transpiled, TranspileError, transpile } from "./transpile.ts";

/** A cell as a script, and the way back from its positions. */
export interface RewrittenCell {
  readonly code: string;
  readonly map: CellMap;
  /** Names that become properties of `globalThis`. */
  readonly declares: readonly string[];
  /** Names of Node that the cell declares or assigns: they live beside the globals. */
  readonly keeps: readonly string[];
}

/**
 * Rewrites a cell.
 *
 * @param nodeGlobals names that Node and packages rely on (`crypto`, `setTimeout`). A cell that
 *   declares or assigns one gets a variable beside the global, which itself stays as it is.
 * @param kept such names that earlier cells have declared.
 * @throws CellSyntaxError
 */
export function rewriteCell(
  source: string,
  nodeGlobals: ReadonlySet<string> = new Set(),
  kept: ReadonlySet<string> = new Set(),
): RewrittenCell {
  const text = asExpression(source);
  const transpiled = transpiledCell(text);
  const { code, payload } = transpiled;
  refuse(text, transpiled);
  const { program } = parseSync("cell.js", code, { sourceType: "module", lang: "js" });
  const edits = new TextEdits(code);
  const names = new DeclaredNames(nodeGlobals, cellNames(transpiled.program));
  const rewriter = new DeclarationRewriter(edits, names);
  // Of the user's text, since what it ends with (a namespace, say) may become an expression.
  rewriter.program(program, lastStatement(transpiled.program)?.type === "ExpressionStatement");
  const { mentioned, assigned } = rewriteExpressions(program, edits, names);
  if (mentioned.has(HELPERS)) {
    const offset = text.indexOf(HELPERS);
    throw new CellSyntaxError(`${HELPERS} is a name of the kernel's own`, text, offset);
  }
  for (const node of moduleDeclarations(program)) {
    rewriteImport(node, edits, names, (name) => mentioned.has(name));
  }
  for (const [start, end] of rewriter.functions) edits.hoist(start, end);
  for (const use of besideGlobals(program, names, kept, { mentioned, assigned })) {
    edits.replace(use.start, use.end, textOf(use));
  }
  const prelude = ['"use strict";', ...rewriter.vars.map((it) => `${names.target(it)} = void 0;`)];
  const edited = edits.render(`(async (${HELPERS}) => {${prelude.join("")}`, "\n})");
  const map = {
    scriptLines: lineStarts(edited.text),
    spans: edited.spans,
    transpiledLines: lineStarts(code),
    payload,
  };
  return { code: edited.text, map, declares: names.globals, keeps: names.kept };
}

/** Uses of names that live beside the globals; a name of Node that the cell assigns becomes one. */
function besideGlobals(
  program: Program,
  names: DeclaredNames,
  kept: ReadonlySet<string>,
  { mentioned, assigned }: Identifiers,
): FreeName[] {
  const known = [...kept, ...names.kept].filter((name) => mentioned.has(name));
  const candidates = new Set([...known, ...[...assigned].filter((name) => names.isNodes(name))]);
  // Few cells have any, and looking through scopes is half of the work.
  if (candidates.size === 0) return [];
  const uses = freeNames(program, (name) => candidates.has(name));
  names.add(uses.filter(({ isWritten }) => isWritten).map(({ name }) => name));
  const beside = new Set([...kept, ...names.kept]);
  return uses.filter(({ name }) => beside.has(name));
}

/** What stands for the use of a name that lives beside the globals. */
function textOf({ name, isShorthand, isCalled }: FreeName): string {
  const value = isCalled ? `(0, ${keptName(name)})` : keptName(name);
  return isShorthand ? `${name}: ${value}` : value;
}

function transpiledCell(text: string): Transpiled {
  try {
    return transpile(text, { folder: process.cwd(), keepImports: true });
  } catch (error) {
    if (!(error instanceof TranspileError)) throw error;
    throw new CellSyntaxError(error.message, text, error.offset);
  }
}

/** Refuses what would be valid in a module and would do nothing in a cell. */
function refuse(text: string, { program }: Transpiled): void {
  for (const node of moduleDeclarations(program)) {
    if (node.type !== "ExportAllDeclaration" || node.exported !== null) continue;
    const { value } = node.source;
    const instead = `import * as name from ${JSON.stringify(value)}`;
    throw new CellSyntaxError(`A cell has no importers; write ${instead}`, text, node.start);
  }
}

/** `{a: 1}` alone is an object for its writer, though a block for the grammar (as in Node's REPL). */
export function asExpression(source: string): string {
  if (!/^\s*\{/.test(source)) return source;
  const wrapped = `(${source}\n)`;
  const { errors } = parseSync("cell.ts", wrapped, { sourceType: "module" });
  return errors.length === 0 ? wrapped : source;
}
