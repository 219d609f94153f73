/** What a cell declares at its top level, by name, as far as later cells can see it. */

import type { Program, Statement, VariableDeclaration } from "oxc-parser";
import { boundByModule, type ModuleDeclaration, moduleDeclarations } from "../rewrite-imports.ts";
import { boundNames, children, isFunctionScope, type Node } from "../syntax-tree.ts";
import { parseTypeScript } from "../transpile.ts";

/**
 * How a later cell takes over a name: `const` and `let` as values, so that assignments are judged as
 * in one text; `entity` whole (classes, enums, imports are values and types in one); `type`.
 */
export type DeclaredKind = "const" | "let" | "entity" | "type";

/** `tsx` for a cell that is valid as that only. */
export type CellLanguage = "ts" | "tsx";

/** A name and its kind; one that the cell exports itself needs no export from us. */
export interface Declared {
  readonly name: string;
  readonly kind: DeclaredKind;
  readonly isExported: boolean;
  /** Offsets of the statement that declares it. */
  readonly start: number;
  readonly end: number;
}

/** What the types have to know of a cell's text. */
export interface CellFacts {
  readonly language: CellLanguage;
  readonly declared: readonly Declared[];
  /** The imports that bind, for the cell itself, what it exports from modules: it has that, as it runs. */
  readonly bindings: readonly string[];
  /** The packages that it names in declarations. */
  readonly packages: readonly string[];
}

/** Reads a cell; of one that is still being written, the longest run of whole lines that parses. */
export function cellFacts(source: string): CellFacts {
  const { program, language } = parsedSoFar(source);
  const modules = moduleDeclarations(program);
  const specifiers = modules.map((node) => node.source.value);
  return {
    language,
    declared: declarationsIn(program),
    bindings: modules.flatMap((node) => (node.type === "ImportDeclaration" ? [] : importOf(node))),
    packages: specifiers.filter((specifier) => !/^(?:[./]|\w+:)/.test(specifier)),
  };
}

function parsedSoFar(source: string): { program: Program; language: CellLanguage } {
  const lines = source.split("\n");
  for (let count = lines.length; count > 0; count--) {
    const { program, language, isValid } = parseTypeScript(lines.slice(0, count).join("\n"));
    if (isValid) return { program, language: language === "tsx" ? "tsx" : "ts" };
  }
  return { program: parseTypeScript("").program, language: "ts" };
}

function importOf(node: ModuleDeclaration): string[] {
  const { fields, namespaces } = boundByModule(node);
  const from = JSON.stringify(node.source.value);
  const names = fields.map(({ imported, local }) => `${JSON.stringify(imported)} as ${local}`);
  const clauses = namespaces.map((name) => `* as ${name}`);
  if (names.length > 0) clauses.push(`{ ${names.join(", ")} }`);
  const keyword = isOfTypes(node) ? "import type" : "import";
  return clauses.map((clause) => `${keyword} ${clause} from ${from};`);
}

function isOfTypes(node: ModuleDeclaration): boolean {
  return (node.type === "ImportDeclaration" ? node.importKind : node.exportKind) === "type";
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
    case "ImportDeclaration":
      addModuleNames(node, add, false);
      break;
    case "ExportAllDeclaration":
      addModuleNames(node, add, true);
      break;
    case "ExportNamedDeclaration":
      if (node.source !== null) addModuleNames({ ...node, source: node.source }, add, true);
      else if (node.declaration !== null) addStatement(node.declaration, add, true);
      break;
    case "ExportDefaultDeclaration":
      // Exported as `default` only: its own name is still to be exported.
      addStatement(node.declaration as Statement, add, false); // other expressions match no case
      break;
  }
}

function addModuleNames(node: ModuleDeclaration, add: Add, isExported: boolean): void {
  const { fields, namespaces } = boundByModule(node);
  const names = [...fields.map(({ local }) => local), ...namespaces];
  add(names, isOfTypes(node) ? "type" : "entity", isExported);
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
