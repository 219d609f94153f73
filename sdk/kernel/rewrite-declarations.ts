/** Top-level declarations of a cell become assignments to globals; functions come first. */

import type {
  Class,
  Directive,
  Function as FunctionNode,
  Program,
  Statement,
  VariableDeclaration,
} from "oxc-parser";
import type { DeclaredNames } from "./declared-names.ts";
import { boundNames } from "./syntax-tree.ts";
import type { TextEdits } from "./text-edits.ts";

/** A range of the text. */
type Range = readonly [start: number, end: number];

/** Rewrites the statements of a cell, one by one. */
export class DeclarationRewriter {
  /** Function declarations, to stand before all statements but the imports. */
  readonly functions: Range[] = [];
  /** Names of top-level `var` (also what an enum becomes): undefined until their statement runs. */
  readonly vars: string[] = [];
  readonly #edits: TextEdits;
  readonly #names: DeclaredNames;

  constructor(edits: TextEdits, names: DeclaredNames) {
    this.#edits = edits;
    this.#names = names;
  }

  /** @param returnLast whether the value of the last statement is the cell's result. */
  program(program: Program, returnLast: boolean): void {
    for (const statement of program.body) this.#statement(statement);
    const last = lastStatement(program);
    if (!returnLast || last?.type !== "ExpressionStatement") return;
    const { start, end } = last.expression;
    this.#edits.replace(last.start, start, "");
    // In a box, which tells the value `undefined` from no value.
    this.#edits.wrap(start, end, "return [", "]");
  }

  #statement(node: Statement | Directive): void {
    if (node.type === "VariableDeclaration") this.#variables(node);
    else if (node.type === "FunctionDeclaration") this.#function(node, node.start);
    else if (node.type === "ClassDeclaration") this.#class(node);
    else if (node.type === "ExportNamedDeclaration" || node.type === "ExportDefaultDeclaration") {
      // What it takes from a module is rewritten with the imports.
      const isFrom = "source" in node && node.source !== null;
      if (!isFrom) this.#export(node.start, node.end, node.declaration);
    }
  }

  #variables(node: VariableDeclaration): void {
    // `using` is local by nature: its value is disposed when the cell ends.
    if (node.kind === "using" || node.kind === "await using") return;
    const names = node.declarations.flatMap((declarator) => boundNames(declarator.id));
    if (this.#names.areHelpers(names)) return;
    this.#names.add(names);
    if (node.kind === "var") this.vars.push(...names);
    const [first] = node.declarations;
    const last = node.declarations.at(-1);
    if (first === undefined || last === undefined) return;
    this.#edits.replace(node.start, first.start, "");
    this.#edits.wrap(first.start, last.end, "(", ")");
    if (node.kind !== "let") return;
    for (const { id, init } of node.declarations) {
      if (init === null) this.#edits.wrap(id.start, id.end, "", " = void 0");
    }
  }

  #function(node: FunctionNode, start: number): void {
    const { id } = node;
    if (id === null) return;
    this.functions.push([start, node.end]);
    this.#names.add([id.name]);
    this.#edits.insert(node.start, `${this.#names.target(id.name)} = `);
    // Without a name of its own inside, a function calls the newest one of its name; beside the globals
    // that is so anyway, and only a name of its own can name it.
    if (!this.#names.isNodes(id.name)) this.#edits.replace(id.start, id.end, "");
    this.#edits.replace(node.end - 1, node.end, "};");
  }

  #class(node: Class): void {
    if (node.id === null) return;
    const { name } = node.id;
    this.#names.add([name]);
    this.#edits.insert(node.start, `${this.#names.target(name)} = `);
    this.#edits.insert(node.end, ";");
  }

  /** A cell exports nothing: the keyword goes, what it declares stays. */
  #export(start: number, end: number, declared: Exported): void {
    if (declared === null) {
      this.#edits.replace(start, end, "");
      return;
    }
    this.#edits.replace(start, declared.start, "");
    if (declared.type === "VariableDeclaration") this.#variables(declared);
    else if (declared.type === "FunctionDeclaration" && declared.id !== null) {
      this.#function(declared, start);
    } else if (declared.type === "ClassDeclaration" && declared.id !== null) this.#class(declared);
    else this.#edits.wrap(declared.start, declared.end, "(", ")");
  }
}

/** The last statement that is not just a semicolon. */
export function lastStatement(program: Program): Statement | Directive | undefined {
  return program.body.findLast(({ type }) => type !== "EmptyStatement");
}

/** What may follow `export` or `export default`. */
type Exported = Extract<
  Statement,
  { type: "ExportNamedDeclaration" | "ExportDefaultDeclaration" }
>["declaration"];
