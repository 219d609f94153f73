/** Signatures and documentation in TypeScript source. */
import { type Class, type Comment, type Node, type Program, parseSync } from "oxc-parser";
import type { HelpMember, HelpPage } from "./help-page.ts";

/** Where an index takes a name from. */
export interface FoundExport {
  readonly path: string;
  /** What it is called there. */
  readonly name: string;
}

interface Source {
  readonly text: string;
  readonly program: Program;
  readonly comments: readonly Comment[];
}

/** Of what has no body: a constant, say. */
const LONGEST = 300;

/** Finds `export { name } from "./path"`. */
export function findExport(index: string, name: string): FoundExport | undefined {
  for (const statement of parse(index).program.body) {
    if (statement.type !== "ExportNamedDeclaration" || statement.source === null) continue;
    for (const { exported, local, exportKind } of statement.specifiers) {
      if (exportKind !== "type" && nameOf(exported) === name) {
        return { path: statement.source.value, name: nameOf(local) };
      }
    }
  }
  return undefined;
}

/** What a file says of what it declares under a name; of an overloaded function every signature. */
export function readDeclaration(text: string, name: string): HelpPage | undefined {
  const source = parse(text);
  const signatures: string[] = [];
  let docs = "";
  let members: HelpMember[] = [];
  for (const statement of source.program.body) {
    const declared = statement.type === "ExportNamedDeclaration" ? statement.declaration : null;
    if (declared === null || !declares(declared, name)) continue;
    docs ||= docsBefore(source, statement.start);
    if (declared.type === "ClassDeclaration") members = membersOf(source, declared);
    // Of overloads the last one is the implementation, which nobody calls.
    const isHidden = declared.type === "FunctionDeclaration" && signatures.length > 0;
    if (!isHidden) signatures.push(signatureOf(source, declared));
  }
  return signatures.length === 0 ? undefined : { signature: signatures.join("\n"), docs, members };
}

function parse(text: string): Source {
  const { program, comments } = parseSync("source.ts", text);
  return { text, program, comments };
}

function nameOf(node: Node): string {
  return node.type === "Identifier" ? node.name : "";
}

function declares(node: Node, name: string): boolean {
  if (node.type === "VariableDeclaration") {
    return node.declarations.some(({ id }) => nameOf(id) === name);
  }
  return "id" in node && node.id !== null && nameOf(node.id as Node) === name;
}

/** The text up to the body. */
function signatureOf({ text }: Source, node: Node): string {
  const body: unknown = "body" in node ? node.body : null;
  const hasBody = typeof body === "object" && body !== null && "start" in body;
  const end = hasBody ? Number(body.start) : Math.min(node.end, node.start + LONGEST);
  return text.slice(node.start, end).trim();
}

function membersOf(source: Source, { body }: Class): HelpMember[] {
  return body.body.flatMap((member): HelpMember[] => {
    if (!("key" in member) || member.key.type === "PrivateIdentifier") return [];
    if ("accessibility" in member && member.accessibility === "private") return [];
    const value = "value" in member ? member.value : null;
    const ends =
      value !== null && "body" in value && value.body !== null ? value.body.start : undefined;
    const text = source.text.slice(member.start, ends ?? member.end);
    const signature = text
      .replace(/\s+/g, " ")
      .replace(/[;{=]?\s*$/, "")
      .trim();
    const docs = docsBefore(source, member.start);
    return [{ signature, summary: docs.split(/(?<=[.!?])\s|\n\n/)[0] ?? "" }];
  });
}

/** The text of the comment that stands directly before a place. */
function docsBefore({ text, comments }: Source, start: number): string {
  const comment = comments.find(
    ({ type, value, end }) =>
      type === "Block" && value.startsWith("*") && text.slice(end, start).trim() === "",
  );
  if (comment === undefined || comment.end > start) return "";
  const lines = comment.value.slice(1).split("\n");
  return lines
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim();
}
