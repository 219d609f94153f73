/** The little that the kernel needs to know about oxc's ESTree. */

import { type BindingPattern, type Node, visitorKeys } from "oxc-parser";

export type { Node } from "oxc-parser";

/** Direct children of a node with the field that holds each, in the order of the source. */
export function* namedChildren(node: Node): Generator<[field: string, child: Node]> {
  // ESTree nodes are plain objects; visitorKeys names the fields of this type that hold nodes.
  const fields = node as unknown as Readonly<Record<string, unknown>>;
  for (const key of visitorKeys[node.type] ?? []) {
    const value = fields[key];
    for (const child of Array.isArray(value) ? value : [value]) {
      if (isNode(child)) yield [key, child];
    }
  }
}

/** Direct children of a node, in the order of the source. */
export function* children(node: Node): Generator<Node> {
  for (const [, child] of namedChildren(node)) yield child;
}

/** True for a node whose body has its own `var` scope. */
export function isFunctionScope(node: Node): boolean {
  return (
    node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression" ||
    node.type === "StaticBlock" ||
    node.type === "PropertyDefinition"
  );
}

/** Names that a binding pattern declares: `{a, b: [c], ...d}` gives a, c, d. */
export function boundNames(pattern: BindingPattern): string[] {
  switch (pattern.type) {
    case "Identifier":
      return [pattern.name];
    case "AssignmentPattern":
      return boundNames(pattern.left);
    case "ArrayPattern":
      return pattern.elements.flatMap((element) => {
        if (element === null) return [];
        return boundNames(element.type === "RestElement" ? element.argument : element);
      });
    case "ObjectPattern":
      return pattern.properties.flatMap((property) =>
        boundNames(property.type === "RestElement" ? property.argument : property.value),
      );
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null && "type" in value && "start" in value;
}
