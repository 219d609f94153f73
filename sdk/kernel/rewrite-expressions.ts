/** Rewrites inside expressions: awaits that an interrupt can reject, `import()`, `import.meta`. */

import type { Program } from "oxc-parser";
import type { DeclaredNames } from "./declared-names.ts";
import { boundNames, children, isFunctionScope, type Node } from "./syntax-tree.ts";
import type { TextEdits } from "./text-edits.ts";

/** Stands for `import(`: the helper imports inside a context that tells which modules it has begun. */
export const IMPORT_OPEN = "__grym.imported((s, o) => import(s, o), ";

/**
 * Rewrites the expressions of a cell, and `var` in its blocks and loop heads.
 *
 * @returns every identifier of the cell outside its imports, and those that may be assigned to.
 */
export function rewriteExpressions(
  program: Program,
  edits: TextEdits,
  names: DeclaredNames,
): Identifiers {
  const mentioned = new Set<string>();
  const assigned = new Set<string>();
  const visit = (node: Node, parent: Node, inFunction: boolean): void => {
    if (node.type === "ImportDeclaration" || node.type === "ExportSpecifier") return;
    if (node.type === "Identifier") mentioned.add(node.name);
    for (const target of targetsOf(node)) addIdentifiers(target, assigned);
    rewriteNode(node, edits);
    const isTopLevel = parent.type === "Program" || parent.type === "ExportNamedDeclaration";
    if (!inFunction && !isTopLevel) liftVar(node, parent, edits, names);
    const inner = inFunction || isFunctionScope(node);
    for (const child of children(node)) visit(child, node, inner);
  };
  for (const statement of program.body) visit(statement, program, false);
  return { mentioned, assigned };
}

/** Names in the text of a cell. */
export interface Identifiers {
  readonly mentioned: ReadonlySet<string>;
  readonly assigned: ReadonlySet<string>;
}

/** What a node assigns to. */
function targetsOf(node: Node): readonly Node[] {
  switch (node.type) {
    case "AssignmentExpression":
    case "ForInStatement":
    case "ForOfStatement":
      return [node.left];
    case "UpdateExpression":
      return [node.argument];
    default:
      return [];
  }
}

function addIdentifiers(node: Node, into: Set<string>): void {
  if (node.type === "Identifier") into.add(node.name);
  else for (const child of children(node)) addIdentifiers(child, into);
}

function rewriteNode(node: Node, edits: TextEdits): void {
  if (node.type === "AwaitExpression") {
    edits.wrap(node.argument.start, node.argument.end, "__grym.wait(", ")");
  } else if (node.type === "ForOfStatement" && node.await) {
    edits.wrap(node.right.start, node.right.end, "__grym.each(", ")");
  } else if (node.type === "ImportExpression") {
    edits.replace(node.start, node.source.start, IMPORT_OPEN);
  } else if (node.type === "MetaProperty" && node.meta.name === "import") {
    edits.replace(node.start, node.end, "__grym.meta");
  }
}

/** `{ var x = 1 }`, `for (var x of y)`: `var` belongs to the cell, so it becomes an assignment. */
function liftVar(node: Node, parent: Node, edits: TextEdits, names: DeclaredNames): void {
  if (node.type !== "VariableDeclaration" || node.kind !== "var") return;
  const declared = node.declarations.flatMap((declarator) => boundNames(declarator.id));
  const [first] = node.declarations;
  const last = node.declarations.at(-1);
  if (first === undefined || last === undefined) return;
  names.add(declared);
  edits.replace(node.start, first.start, "");
  if (parent.type === "ForOfStatement" || parent.type === "ForInStatement") return;
  // A pattern at the start of a statement would read as a block.
  edits.wrap(first.start, last.end, "(", ")");
}
