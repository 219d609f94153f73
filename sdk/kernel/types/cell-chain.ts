/**
 * The cells that have run, as a chain of modules: a cell imports each name that it mentions from the
 * newest cell that declared it. So a redeclared name has its new type in later cells, and code of
 * older cells keeps what it was written against.
 */

import { asExpression } from "../rewrite.ts";
import { type CellLanguage, cellFacts, type Declared } from "./cell-declarations.ts";
import type { CellFolder } from "./cell-folder.ts";

/** Lines that stand before the user's first line in a cell's document. */
export const HEADER_LINES = 1;

const WORD = /[\p{ID_Start}$_][\p{ID_Continue}$\u200c\u200d]*/gu;

/** A cell as the language server is asked about it. */
export interface CellDocument {
  readonly text: string;
  readonly language: CellLanguage;
}

interface ChainLink {
  readonly path: string;
  readonly declared: Declared;
  /** The statement that declares it, as the user wrote it. */
  readonly statement: string;
}

export class CellChain {
  readonly #folder: CellFolder;
  readonly #links = new Map<string, ChainLink>();
  /** Packages that cells have imported. */
  readonly #packages = new Set<string>();

  constructor(folder: CellFolder) {
    this.#folder = folder;
  }

  /** Names that cells have declared. */
  get names(): readonly string[] {
    return [...this.#links.keys()];
  }

  /** The statement by which the newest cell that did declared a name. */
  statementOf(name: string): string | undefined {
    return this.#links.get(name)?.statement;
  }

  /** Names that a cell would declare and that hold values. */
  declared(source: string): readonly string[] {
    return cellFacts(source)
      .declared.filter(({ kind }) => kind !== "type")
      .map(({ name }) => name);
  }

  /**
   * The document of a cell: a line that brings in what it mentions, then its text.
   *
   * @param more names that are brought in besides
   */
  document(source: string, more: readonly string[] = []): CellDocument {
    const { declared, bindings, language } = cellFacts(source);
    const own = new Set(declared.map(({ name }) => name));
    const words = new Set([...(source.match(WORD) ?? []), ...more]);
    // Packages stay in the program, used or not: to load one again costs more than to keep it.
    const header = [...this.#packages].map((name) => `import {} from ${JSON.stringify(name)};`);
    header.push(...bindings);
    for (const [name, link] of this.#links) {
      if (words.has(name) && !own.has(name)) header.push(importOf(name, link));
    }
    // An object literal alone is a value for the run, and so here.
    const [open, close] = asExpression(source) === source ? ["", ""] : ["(", ")"];
    const text = `${header.join(" ")}${open}\n${source}\n${close};export {};`;
    return { text, language };
  }

  /**
   * Adds a cell that has run.
   *
   * @param holds whether a value that it declares has come to exist; a cell may have failed half-way
   */
  add(cell: number, source: string, holds: (name: string) => boolean): void {
    const { declared: all, packages } = cellFacts(source);
    const declared = all.filter(({ name, kind }) => kind === "type" || holds(name));
    for (const name of packages) this.#packages.add(name);
    if (declared.length === 0) return;
    const names = declared.filter(({ isExported }) => !isExported).map(({ name }) => name);
    const { text, language } = this.document(source);
    const path = this.#folder.keep(cell, `${text}\nexport { ${names.join(", ")} };`, language);
    for (const it of declared) {
      const statement = source.slice(it.start, it.end);
      this.#links.set(it.name, { path, declared: it, statement });
    }
  }
}

function importOf(name: string, { path, declared }: ChainLink): string {
  // By its whole path, which is found at once; a relative one is tried in every root.
  const from = JSON.stringify(path);
  if (declared.kind === "entity" || declared.kind === "type")
    return `import { ${name} } from ${from};`;
  // An imported binding could not be assigned to.
  return `declare ${declared.kind} ${name}: typeof import(${from}).${name};`;
}
