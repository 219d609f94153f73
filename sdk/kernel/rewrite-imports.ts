/** Static imports of a cell: `import d, {a as b} from "x"` → `({default: d, a: b} = await …);`. */

import type { ImportDeclaration } from "oxc-parser";
import type { DeclaredNames } from "./declared-names.ts";
import { IMPORT_OPEN } from "./rewrite-expressions.ts";
import type { TextEdits } from "./text-edits.ts";

/**
 * Rewrites one import declaration and moves it before everything that is not an import.
 *
 * @param isUsed whether the cell uses a name: one that it does not use may be a type, which has no
 *   value to import, so its absence from the module is no error.
 */
export function rewriteImport(
  node: ImportDeclaration,
  edits: TextEdits,
  names: DeclaredNames,
  isUsed: (name: string) => boolean,
): void {
  const bound = readSpecifiers(node);
  const locals = [...bound.fields.map(({ local }) => local), ...bound.namespaces];
  const required = bound.fields.filter(({ local }) => isUsed(local)).map((field) => field.imported);
  const specifier = JSON.stringify(node.source.value);
  const module =
    `await __grym.checked(${IMPORT_OPEN}import(${specifier}${importOptions(node)})), ` +
    `${specifier}, ${JSON.stringify(required)})`;
  const fields = bound.fields.map(({ imported, local }) => `${JSON.stringify(imported)}: ${local}`);
  const pattern = `{${fields.join(", ")}}`;
  const [namespace] = bound.namespaces;
  const assignments =
    namespace === undefined
      ? [`${pattern} = ${module}`]
      : [`${namespace} = ${module}`, `${pattern} = ${namespace}`];
  if (names.mustStayLocal(locals)) {
    const kept = names.keep(locals);
    edits.replace(node.start, node.end, assignments.map((it) => `const ${it};`).join("") + kept);
  } else {
    names.addGlobals(locals);
    edits.replace(node.start, node.end, assignments.map((it) => `(${it});`).join(""));
  }
  edits.hoist(node.start, node.end);
}

interface Specifiers {
  readonly fields: readonly { readonly imported: string; readonly local: string }[];
  readonly namespaces: readonly string[];
}

function readSpecifiers(node: ImportDeclaration): Specifiers {
  const fields: { imported: string; local: string }[] = [];
  const namespaces: string[] = [];
  for (const specifier of node.specifiers) {
    const local = specifier.local.name;
    if (specifier.type === "ImportNamespaceSpecifier") namespaces.push(local);
    else if (specifier.type === "ImportDefaultSpecifier")
      fields.push({ imported: "default", local });
    else {
      const { imported } = specifier;
      fields.push({
        imported: imported.type === "Literal" ? imported.value : imported.name,
        local,
      });
    }
  }
  return { fields, namespaces };
}

/** Second argument of `import()`. JSON needs its attribute, which a cell may leave out. */
function importOptions(node: ImportDeclaration): string {
  const attributes = node.attributes.map(({ key, value }) => {
    const name = key.type === "Literal" ? key.value : key.name;
    return `${JSON.stringify(name)}: ${JSON.stringify(value.value)}`;
  });
  if (attributes.length === 0 && node.source.value.endsWith(".json"))
    attributes.push('type: "json"');
  return attributes.length === 0 ? "" : `, {with: {${attributes.join(", ")}}}`;
}
