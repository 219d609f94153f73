/** Which identifiers of a cell mean names outside it: neither parameters nor declared in a block. */

import type { Program } from "oxc-parser";
import { boundNames, isFunctionScope, type Node, namedChildren } from "./syntax-tree.ts";

/** A use of a name that is not bound inside the cell's functions and blocks. */
export interface FreeName {
  readonly name: string;
  readonly start: number;
  readonly end: number;
  /** The use assigns. */
  readonly isWritten: boolean;
  /** `{name}`: the key has to stay when the value becomes another expression. */
  readonly isShorthand: boolean;
  /** `name(…)`: as a member of something it would be called with that as `this`. */
  readonly isCalled: boolean;
}

/** What the place of a node says about an identifier there. */
interface Place {
  readonly isWritten?: boolean;
  readonly isShorthand?: boolean;
  readonly isCalled?: boolean;
}

/** Uses of the free names that `matters` accepts; declarations at the top level are among them. */
export function freeNames(program: Program, matters: (name: string) => boolean): FreeName[] {
  const found: FreeName[] = [];
  const visit = (node: Node, place: Place, outer: ReadonlySet<string>): void => {
    if (node.type === "Identifier") {
      const { name, start, end } = node;
      if (!matters(name) || outer.has(name)) return;
      const { isWritten = false, isShorthand = false, isCalled = false } = place;
      found.push({ name, start, end, isWritten, isShorthand, isCalled });
      return;
    }
    const bound = withScope(node, outer);
    for (const [field, child] of namedChildren(node)) {
      if (isUse(node, field)) visit(child, placeIn(node, field, place), bound);
    }
  };
  // `using` is local to the cell by nature.
  const local = new Set(program.body.flatMap((it) => (isUsing(it) ? lexicalNames([it]) : [])));
  for (const statement of program.body) {
    if (statement.type !== "ImportDeclaration") visit(statement, {}, local);
  }
  return found;
}

/** Whether an identifier in this field stands for a variable, and not for a key or a label. */
function isUse(parent: Node, field: string): boolean {
  switch (field) {
    case "id":
      // Names of functions and classes are declared; the rewrite of declarations cares for them.
      return parent.type === "VariableDeclarator";
    case "key":
    case "property":
      return "computed" in parent && parent.computed === true;
    case "specifiers":
    case "label":
    case "exported":
      return false;
    default:
      return parent.type !== "MetaProperty";
  }
}

function placeIn(parent: Node, field: string, outer: Place): Place {
  switch (parent.type) {
    case "AssignmentExpression":
    case "ForInStatement":
    case "ForOfStatement":
      return { isWritten: field === "left" };
    case "UpdateExpression":
      return { isWritten: true };
    case "ArrayPattern":
    case "ObjectPattern":
    case "RestElement":
      return { isWritten: outer.isWritten ?? false };
    case "Property":
      return { isWritten: outer.isWritten ?? false, isShorthand: parent.shorthand };
    case "AssignmentPattern":
      return field === "left" ? outer : {};
    case "CallExpression":
      return { isCalled: field === "callee" };
    case "TaggedTemplateExpression":
      return { isCalled: field === "tag" };
    default:
      return {};
  }
}

/** The names that hide outer ones inside a node. */
function withScope(node: Node, outer: ReadonlySet<string>): ReadonlySet<string> {
  const names = scopeNames(node);
  return names.length === 0 ? outer : new Set([...outer, ...names]);
}

function scopeNames(node: Node): string[] {
  switch (node.type) {
    case "FunctionExpression":
    case "FunctionDeclaration":
    case "ArrowFunctionExpression": {
      const own = node.type === "FunctionExpression" && node.id !== null ? [node.id.name] : [];
      const params = node.params.flatMap((it) =>
        boundNames(
          it.type === "RestElement"
            ? it.argument
            : it.type === "TSParameterProperty"
              ? it.parameter
              : it,
        ),
      );
      return [...own, ...params, ...(node.body === null ? [] : varNames(node.body))];
    }
    case "ClassDeclaration":
    case "ClassExpression":
      return node.id === null ? [] : [node.id.name];
    case "BlockStatement":
      return lexicalNames(node.body);
    case "StaticBlock":
      return [...lexicalNames(node.body), ...node.body.flatMap(varNames)];
    case "SwitchStatement":
      return node.cases.flatMap((it) => lexicalNames(it.consequent));
    case "ForStatement":
      return node.init === null ? [] : lexicalNames([node.init]);
    case "ForInStatement":
    case "ForOfStatement":
      return lexicalNames([node.left]);
    case "CatchClause":
      return node.param === null ? [] : boundNames(node.param);
    default:
      return [];
  }
}

/** Names of `let`, `const`, `using`, functions and classes among these nodes. */
function lexicalNames(nodes: readonly Node[]): string[] {
  return nodes.flatMap((node) => {
    if (node.type === "VariableDeclaration" && node.kind !== "var") {
      return node.declarations.flatMap(({ id }) => boundNames(id));
    }
    const isNamed = node.type === "FunctionDeclaration" || node.type === "ClassDeclaration";
    return isNamed && node.id !== null ? [node.id.name] : [];
  });
}

/** Names of the `var`s of one function. */
function varNames(node: Node): string[] {
  if (isFunctionScope(node)) return [];
  const own =
    node.type === "VariableDeclaration" && node.kind === "var"
      ? node.declarations.flatMap(({ id }) => boundNames(id))
      : [];
  return [...own, ...[...namedChildren(node)].flatMap(([, child]) => varNames(child))];
}

function isUsing(node: Node): boolean {
  return (
    node.type === "VariableDeclaration" && (node.kind === "using" || node.kind === "await using")
  );
}
