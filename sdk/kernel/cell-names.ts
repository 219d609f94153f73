/** What the text of a cell declares and imports, types included. */

import type { Program, Statement } from "oxc-parser";
import { boundByModule, moduleDeclarations } from "./rewrite-imports.ts";
import { boundNames } from "./syntax-tree.ts";

/** How a name is declared. An imported name may be a type. */
export type NameKind =
  | "const"
  | "let"
  | "var"
  | "using"
  | "function"
  | "class"
  | "enum"
  | "namespace"
  | "interface"
  | "type"
  | "import";

/** A name that a cell declares at its top level; `var` in its blocks is not among them. */
export interface CellName {
  readonly name: string;
  readonly kind: NameKind;
}

/** Names that the user's text declares, in its order. */
export function cellNames(program: Program): CellName[] {
  const imported = moduleDeclarations(program).flatMap((node) => {
    const { fields, namespaces } = boundByModule(node);
    return [...fields.map(({ local }) => local), ...namespaces];
  });
  return [
    ...imported.map((name): CellName => ({ name, kind: "import" })),
    ...program.body.flatMap(declaredBy),
  ];
}

/** Specifiers of the modules that the text imports statically. */
export function importedModules(program: Program): string[] {
  return [...new Set(moduleDeclarations(program).map(({ source }) => source.value))];
}

function declaredBy(node: Statement): CellName[] {
  switch (node.type) {
    case "ExportNamedDeclaration":
      return node.declaration === null ? [] : declaredBy(node.declaration);
    case "ExportDefaultDeclaration":
      return node.declaration.type === "FunctionDeclaration" ||
        node.declaration.type === "ClassDeclaration"
        ? declaredBy(node.declaration)
        : [];
    case "VariableDeclaration": {
      const kind = node.kind === "await using" ? "using" : node.kind;
      return node.declarations.flatMap(({ id }) => boundNames(id)).map((name) => ({ name, kind }));
    }
    case "FunctionDeclaration":
    case "TSDeclareFunction":
      return named(node.id, "function");
    case "ClassDeclaration":
      return named(node.id, "class");
    case "TSEnumDeclaration":
      return named(node.id, "enum");
    case "TSInterfaceDeclaration":
      return named(node.id, "interface");
    case "TSTypeAliasDeclaration":
      return named(node.id, "type");
    case "TSImportEqualsDeclaration":
      return named(node.id, "import");
    case "TSModuleDeclaration":
      return node.id.type === "Identifier" ? named(node.id, "namespace") : [];
    default:
      return [];
  }
}

function named(id: { readonly name: string } | null, kind: NameKind): CellName[] {
  return id === null ? [] : [{ name: id.name, kind }];
}
