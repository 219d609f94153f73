/**
 * TypeScript → JavaScript of this Node. oxc does nearly all of it in a fraction of a millisecond; what it
 * leaves in or refuses (decorators, `accessor`, variables that a namespace exports) goes through esbuild.
 */

import { createRequire, type SourceMapPayload } from "node:module";
import { join } from "node:path";
import type * as Esbuild from "esbuild";
import { type ParserOptions, type Program, parseSync } from "oxc-parser";
import { type OxcError, transformSync } from "oxc-transform";
import { children, type Node } from "./syntax-tree.ts";

type Language = NonNullable<ParserOptions["lang"]>;

export interface TranspileOptions {
  /** Where the text belongs; packages are looked for from there. */
  readonly folder: string;
  /** @default "ts", or "tsx" for a text that is only valid as that */
  readonly language?: Language;
  /** Keeps imports whose names the text does not use, since a later cell may. @default false */
  readonly keepImports?: boolean;
}

export interface Transpiled {
  readonly code: string;
  readonly payload: SourceMapPayload;
  /** The text itself, parsed. */
  readonly program: Program;
}

/** A text that is no valid TypeScript. */
export class TranspileError extends Error {
  override readonly name = "TranspileError";
  /** Where, in UTF-16 units. */
  readonly offset: number;

  constructor(message: string, offset: number) {
    super(message);
    this.offset = offset;
  }
}

/** @throws TranspileError */
export function transpile(text: string, options: TranspileOptions): Transpiled {
  const { keepImports = false, folder } = options;
  const { language, program, isValid } = parseTypeScript(text, options.language);
  const { code, map, errors } = transformSync(`cell.${language}`, text, {
    // Allows top-level await and `using`.
    sourceType: "module",
    lang: language,
    sourcemap: true,
    typescript: { onlyRemoveTypeImports: keepImports },
    jsx: { runtime: hasJsxRuntime(language, folder) ? "automatic" : "classic" },
  });
  if (isValid && needsEsbuild(text, program, errors.length > 0)) {
    return { ...lowered(text, language, options), program };
  }
  if (errors.length > 0 || map === undefined) throw errorOfOxc(text, errors);
  return { code, payload: payloadOf(map), program };
}

/** The text as the language that it is: `<T>x` is a cast in ts, and `<b>x</b>` is valid only in tsx. */
export function parseTypeScript(
  text: string,
  given?: Language,
): { language: Language; program: Program; isValid: boolean } {
  const first = given ?? "ts";
  const asFirst = parseSync(`cell.${first}`, text, { sourceType: "module", lang: first });
  if (asFirst.errors.length === 0 || given !== undefined || !text.includes("<")) {
    return { language: first, program: asFirst.program, isValid: asFirst.errors.length === 0 };
  }
  const { program, errors } = parseSync("cell.tsx", text, { sourceType: "module", lang: "tsx" });
  return errors.length === 0
    ? { language: "tsx", program, isValid: true }
    : { language: first, program: asFirst.program, isValid: false };
}

const require = createRequire(import.meta.url);

function hasJsxRuntime(language: Language, folder: string): boolean {
  if (!language.endsWith("x")) return false;
  try {
    createRequire(join(folder, "_")).resolve("react/jsx-runtime");
    return true;
  } catch {
    return false; // no such package: `React.createElement`, or what a pragma of the text names
  }
}

function needsEsbuild(text: string, program: Program, wasRefused: boolean): boolean {
  if (wasRefused) return contains(program, (node) => node.type === "TSModuleDeclaration");
  return /@|\baccessor\b/.test(text) && contains(program, isDecorated);
}

function isDecorated(node: Node): boolean {
  return node.type === "Decorator" || node.type === "AccessorProperty";
}

function contains(node: Node, wanted: (node: Node) => boolean): boolean {
  if (wanted(node)) return true;
  for (const child of children(node)) if (contains(child, wanted)) return true;
  return false;
}

function lowered(
  text: string,
  language: Language,
  { keepImports = false, folder }: TranspileOptions,
): Pick<Transpiled, "code" | "payload"> {
  // Loaded when it is needed: it starts a program of its own.
  const { transformSync: lower }: typeof Esbuild = require("esbuild");
  try {
    const { code, map } = lower(text, {
      loader: language === "tsx" || language === "jsx" ? language : "ts",
      target: "esnext",
      supported: { decorators: false },
      format: "esm",
      charset: "utf8",
      sourcemap: "external",
      logLevel: "silent",
      jsx: hasJsxRuntime(language, folder) ? "automatic" : "transform",
      tsconfigRaw: { compilerOptions: { verbatimModuleSyntax: keepImports } },
    });
    return { code, payload: payloadOf(JSON.parse(map)) };
  } catch (error) {
    throw errorOfEsbuild(text, error);
  }
}

/** The first of oxc's errors. Its labels count UTF-8 bytes. */
function errorOfOxc(text: string, [first]: readonly OxcError[]): TranspileError {
  const bytes = first?.labels.at(-1)?.start ?? 0;
  const offset = Buffer.from(text).subarray(0, bytes).toString("utf8").length;
  return new TranspileError(first?.message ?? "not valid TypeScript", offset);
}

/** The first of esbuild's errors; what is none is thrown on. Its columns count UTF-8 bytes. */
function errorOfEsbuild(text: string, error: unknown): unknown {
  const [first] = (error as Partial<Esbuild.TransformFailure>).errors ?? [];
  if (first === undefined) return error;
  const { line = 1, column = 0 } = first.location ?? {};
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((length, it) => length + it.length + 1, 0);
  const within = Buffer.from(lines[line - 1] ?? "").subarray(0, column);
  return new TranspileError(first.text, before + within.toString("utf8").length);
}

function payloadOf(
  map: Pick<SourceMapPayload, "sources" | "names" | "mappings">,
): SourceMapPayload {
  const { sources, names, mappings } = map;
  return { version: 3, file: "", sourceRoot: "", sources, sourcesContent: [], names, mappings };
}
