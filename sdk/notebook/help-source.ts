import { readFile } from "node:fs/promises";
import type { HelpPage } from "./help-page.ts";

/** Where this package says what it exports. */
const INDEXES = ["../index.ts", "../display/index.ts", "../feature-memory/index.ts"];

/** What the source of this package says of a value that it exports, or of an instance of an exported class. */
export async function describeExport(value: unknown): Promise<HelpPage | undefined> {
  const owner = ownerOf(value);
  if (owner === undefined) return undefined;
  const { findExport, readDeclaration } = await import("./help-declaration.ts");
  for (const index of INDEXES) {
    const url = new URL(index, import.meta.url);
    const found = findExport(await readFile(url, "utf8"), owner.name);
    if (found === undefined) continue;
    const file = new URL(found.path, url);
    // Another function may have the name of ours: only the very value counts.
    const module = (await import(file.href)) as Record<string, unknown>;
    if (module[found.name] !== owner) continue;
    return readDeclaration(await readFile(file, "utf8"), found.name);
  }
  return undefined;
}

/** A function itself, or the class of an object. */
function ownerOf(value: unknown): { readonly name: string } | undefined {
  if (typeof value === "function") return value;
  if (typeof value !== "object" || value === null) return undefined;
  const prototype: unknown = Object.getPrototypeOf(value);
  if (typeof prototype !== "object" || prototype === null) return undefined;
  const maker: unknown = Object.getOwnPropertyDescriptor(prototype, "constructor")?.value;
  return typeof maker === "function" && maker !== Object ? maker : undefined;
}
