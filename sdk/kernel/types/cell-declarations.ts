/** What a cell declares at its top level, by name, as far as later cells can see it. */

import { type Program, parseSync, type Statement, type VariableDeclaration } from "oxc-parser";
import { boundNames, children, isFunctionScope, type Node } from "../syntax-tree.ts";

/**
 * How a later cell takes over a name: `const` and `let` as values, so that assignments are judged as
 * in one text; `entity` whole (classes, enums, imports are values and types in one); `type`.
 */
export type DeclaredKind = "const" | "let" | "entity" | "type";

/** A name and its kind; one that the cell exports itself needs no export from us. */
export interface Declared {
  readonly name: string;
  readonly kind: DeclaredKind;
  readonly isExported: boolean;
  /** Offsets of the statement that declares it. */
  readonly start: number;
  readonly end: number;
}

/** The declarations of a cell, or undefined for a text that does not parse. */
export function declarationsOf(source: string): readonly Declared[] | undefined {
  const { program, errors } = parseSync("cell.ts", source, { sourceType: "module", lang: "ts" });
  return errors.length > 0 ? undefined : declarationsIn(program);
}

/** Whether the language server can read a text that runs: JSX runs, and is not checked. */
export function isPlainTypeScript(source: string): boolean {
  return declarationsOf(source) !== undefined;
}

/** As {@link declarationsOf}, of the longest run of whole lines that parses: for a cell being written. */
export function declarationsSoFar(source: string): readonly Declared[] {
  const lines = source.split("\n");
  for (let count = lines.length; count > 0; count--) {
    const found = declarationsOf(lines.slice(0, count).join("\n"));
    if (found !== undefined) return found;
  }
  return [];
}

/** The packages that a cell imports by declarations. */
export function packagesOf(source: string): readonly string[] {
  const { module } = parseSync("cell.ts", source, { sourceType: "module", lang: "ts" });
  const specifiers = module.staticImports.map(({ moduleRequest }) => moduleRequest.value);
  return specifiers.filter((specifier) => !/^(?:[./]|\w+:)/.test(specifier));
}

function declarationsIn(program: Program): readonly Declared[] {
  const found = new Map<string, Declared>();
  for (const statement of program.body) {
    const { start, end } = statement;
    const add: Add = (names, kind, isExported) => {
      for (const name of names) {
        // A class and an interface of one name are one entity.
        const isSecond = kind === "type" && found.has(name);
        if (!isSecond) found.set(name, { name, kind, isExported, start, end });
      }
    };
    addStatement(statement, add, false);
    addLiftedVars(statement, add);
  }
  return [...found.values()];
}

type Add = (names: readonly string[], kind: DeclaredKind, isExported: boolean) => void;

function addStatement(node: Statement | Declaration, add: Add, isExported: boolean): void {
  switch (node.type) {
    case "VariableDeclaration":
      addVariables(node, add, isExported);
      break;
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "TSDeclareFunction":
      if (node.id !== null) add([node.id.name], "entity", isExported);
      break;
    case "TSEnumDeclaration":
      add([node.id.name], "entity", isExported);
      break;
    case "TSModuleDeclaration":
      if (node.id.type === "Identifier") add([node.id.name], "entity", isExported);
      break;
    case "TSInterfaceDeclaration":
    case "TSTypeAliasDeclaration":
      add([node.id.name], "type", isExported);
      break;
    case "ImportDeclaration": {
      const isType = node.importKind === "type";
      for (const specifier of node.specifiers)
        add([specifier.local.name], isType ? "type" : "entity", false);
      break;
    }
    case "ExportNamedDeclaration":
      if (node.declaration !== null) addStatement(node.declaration, add, true);
      break;
    case "ExportDefaultDeclaration":
      // Exported as `default` only: its own name is still to be exported.
      addStatement(node.declaration as Statement, add, false); // other expressions match no case
      break;
  }
}

type Declaration = NonNullable<
  Extract<Statement, { type: "ExportNamedDeclaration" }>["declaration"]
>;

function addVariables(node: VariableDeclaration, add: Add, isExported: boolean): void {
  // What `using` holds is disposed at the end of its cell.
  if (node.kind === "using" || node.kind === "await using") return;
  const names = node.declarations.flatMap((declarator) => boundNames(declarator.id));
  add(names, node.kind === "const" ? "const" : "let", isExported);
}

/** `for (var x of y)`, `{ var x }`: `var` belongs to the cell. */
function addLiftedVars(node: Node, add: Add): void {
  if (isFunctionScope(node)) return;
  for (const child of children(node)) {
    if (child.type === "VariableDeclaration" && child.kind === "var")
      addVariables(child, add, false);
    addLiftedVars(child, add);
  }
}
