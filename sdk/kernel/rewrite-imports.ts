/** Static imports of a cell: `import d, {a as b} from "x"` → `({default: d, a: b} = await …);`. */

import type {
  ExportAllDeclaration,
  ExportNamedDeclaration,
  ImportDeclaration,
  Program,
} from "oxc-parser";
import type { DeclaredNames } from "./declared-names.ts";
import { IMPORT_OPEN } from "./rewrite-expressions.ts";
import type { TextEdits } from "./text-edits.ts";

/** A declaration that takes names from a module: an import, or an export `from`. */
export type ModuleDeclaration =
  | ImportDeclaration
  | (ExportNamedDeclaration & { readonly source: object })
  | ExportAllDeclaration;

/** The declarations of a program that name a module. */
export function moduleDeclarations(program: Program): ModuleDeclaration[] {
  return program.body.filter((node): node is ModuleDeclaration => {
    if (node.type === "ExportNamedDeclaration") return node.source !== null;
    return node.type === "ImportDeclaration" || node.type === "ExportAllDeclaration";
  });
}

/**
 * Rewrites one such declaration and moves it before everything that is none. What a cell exports from a
 * module, it has.
 *
 * @param isUsed whether the cell uses a name: one that it does not use may be a type, which has no
 *   value to import, so its absence from the module is no error.
 */
export function rewriteImport(
  node: ModuleDeclaration,
  edits: TextEdits,
  names: DeclaredNames,
  isUsed: (name: string) => boolean,
): void {
  const { fields, namespaces } = boundByModule(node);
  const locals = [...fields.map(({ local }) => local), ...namespaces];
  const required = fields.filter(({ local }) => isUsed(local)).map((field) => field.imported);
  const specifier = JSON.stringify(node.source.value);
  const module =
    `await __grym.checked(${IMPORT_OPEN}${specifier}${importOptions(node)}), ` +
    `${specifier}, ${JSON.stringify(required)})`;
  // A transpiler's own import (of a JSX runtime) concerns no other cell.
  const isHelper = locals.length > 0 && names.areHelpers(locals);
  const target = (name: string): string => (isHelper ? name : names.target(name));
  const entries = fields.map(
    ({ imported, local }) => `${JSON.stringify(imported)}: ${target(local)}`,
  );
  const pattern = `{${entries.join(", ")}}`;
  const [namespace] = namespaces;
  const assignments =
    namespace === undefined
      ? [`${pattern} = ${module}`]
      : [`${target(namespace)} = ${module}`, `${pattern} = ${target(namespace)}`];
  if (!isHelper) names.add(locals);
  const written = assignments.map((it) => (isHelper ? `const ${it};` : `(${it});`));
  edits.replace(node.start, node.end, written.join(""));
  edits.hoist(node.start, node.end);
}

/** What a declaration takes from its module, and under which names. */
export interface ModuleBindings {
  readonly fields: readonly { readonly imported: string; readonly local: string }[];
  readonly namespaces: readonly string[];
}

export function boundByModule(node: ModuleDeclaration): ModuleBindings {
  if (node.type === "ExportAllDeclaration") {
    return { fields: [], namespaces: node.exported === null ? [] : [nameOf(node.exported)] };
  }
  const fields: { imported: string; local: string }[] = [];
  const namespaces: string[] = [];
  for (const specifier of node.specifiers) {
    if (specifier.type === "ExportSpecifier") {
      fields.push({ imported: nameOf(specifier.local), local: nameOf(specifier.exported) });
    } else if (specifier.type === "ImportSpecifier") {
      fields.push({ imported: nameOf(specifier.imported), local: specifier.local.name });
    } else if (specifier.type === "ImportDefaultSpecifier") {
      fields.push({ imported: "default", local: specifier.local.name });
    } else namespaces.push(specifier.local.name);
  }
  // `export { default } from` and `export { a as "b c" } from` bind nothing that a cell could write.
  return { fields: fields.filter(({ local }) => isBindable(local)), namespaces };
}

function isBindable(name: string): boolean {
  return name !== "default" && /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name);
}

function nameOf(node: ExportAllDeclaration["exported"] & object): string {
  return node.type === "Literal" ? node.value : node.name;
}

/** Second argument of `import()`. JSON needs its attribute, which a cell may leave out. */
function importOptions(node: ModuleDeclaration): string {
  const attributes = node.attributes.map(({ key, value }) => {
    const name = key.type === "Literal" ? key.value : key.name;
    return `${JSON.stringify(name)}: ${JSON.stringify(value.value)}`;
  });
  if (attributes.length === 0 && node.source.value.endsWith(".json"))
    attributes.push('type: "json"');
  return attributes.length === 0 ? "" : `, {with: {${attributes.join(", ")}}}`;
}
