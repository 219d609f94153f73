/**
 * Whether the user's own code catches an error. V8's word is no help: the kernel catches the errors of all
 * cells, so to V8 each is caught. So the `try` statements around the error are looked for in the text.
 *
 * Who awaits an asynchronous function would be in V8's asynchronous stacks, but with those Node switches an
 * async hook on, and an interrupt in a timer then aborts the process.
 */

import { parseSync } from "oxc-parser";
import { lineStarts, type Position } from "../source-map.ts";
import { isFunctionScope, type Node, namedChildren } from "../syntax-tree.ts";

/** Whether a place in a text stands in a `try` with a `catch`, in the function that it belongs to. */
export function isInTry(path: string, source: string, { line, column }: Position): boolean {
  const offset = (lineStarts(source)[line - 1] ?? 0) + column - 1;
  const languages = path.endsWith("x") ? (["tsx"] as const) : (["ts", "tsx"] as const);
  for (const lang of languages) {
    const { errors, program } = parseSync(path, source, { sourceType: "module", lang });
    if (errors.length === 0) return catches(program, offset, false);
  }
  return false; // plain JavaScript of a kind that is no TypeScript
}

function catches(node: Node, offset: number, isOutside: boolean): boolean {
  for (const [field, child] of namedChildren(node)) {
    if (offset < child.start || offset >= child.end) continue;
    if (isFunctionScope(child)) return catches(child, offset, false);
    const isHere = node.type === "TryStatement" && field === "block" && node.handler !== null;
    return catches(child, offset, isOutside || isHere);
  }
  return isOutside;
}
