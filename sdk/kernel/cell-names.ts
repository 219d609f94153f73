/** The values that the text of a cell declares: what a transpiler adds beside them is not the user's. */

import type { Program, Statement } from "oxc-parser";
import { boundByModule, moduleDeclarations } from "./rewrite-imports.ts";
import { boundNames } from "./syntax-tree.ts";

/** Names that the user's text declares at its top level; `var` in its blocks is not among them. */
export function cellNames(program: Program): ReadonlySet<string> {
  const imported = moduleDeclarations(program).flatMap((node) => {
    const { fields, namespaces } = boundByModule(node);
    return [...fields.map(({ local }) => local), ...namespaces];
  });
  return new Set([...imported, ...program.body.flatMap(declaredBy)]);
}

function declaredBy(node: Statement): readonly string[] {
  switch (node.type) {
    case "ExportNamedDeclaration":
      return node.declaration === null ? [] : declaredBy(node.declaration);
    case "ExportDefaultDeclaration":
      return declaredBy(node.declaration as Statement); // other expressions match no case
    case "VariableDeclaration":
      return node.declarations.flatMap(({ id }) => boundNames(id));
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "TSEnumDeclaration":
    case "TSImportEqualsDeclaration":
      return node.id === null ? [] : [node.id.name];
    case "TSModuleDeclaration":
      return node.id.type === "Identifier" ? [node.id.name] : [];
    default:
      return [];
  }
}
