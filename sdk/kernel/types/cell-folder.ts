/**
 * The folder in which the language server sees the cells of one kernel.
 *
 * It mirrors the path of the notebook: `FOLDER/root/home/me/notebooks/cell.ts`, with links to the
 * `node_modules` of the real folders, so that packages are found as Node finds them, and with
 * `rootDirs`, so that `./local.ts` means the file beside the notebook. The cells cannot lie in the
 * notebook's own folder: the project of a `tsconfig.json` there would be loaded (seconds), and its
 * strictness would be imposed on cells.
 */

import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { cacheFolder } from "../../cache-folder.mjs";
import type { CellLanguage } from "./cell-declarations.ts";

const SDK = fileURLToPath(new URL("../../", import.meta.url)).replace(/\/$/, "");
const NODE_TYPES = dirname(
  dirname(createRequire(import.meta.url).resolve("@types/node/package.json")),
);

const OWN = JSON.stringify(join(SDK, "kernel", "cell-globals.ts"));
/** What every cell knows without importing it. */
const GLOBALS = `
declare const display: import(${OWN}).Display;
declare const kernelOptions: import(${JSON.stringify(join(SDK, "display", "kernel-hook.ts"))}).KernelHook["options"];
declare const input: import(${OWN}).Input;
declare function clearOutput(wait?: boolean): void;
// Where no package brings types of JSX: then its elements are not checked.
declare namespace JSX {
  type Element = any;
  interface IntrinsicElements { [name: string]: any }
  interface IntrinsicAttributes { key?: any; ref?: any }
}
`;

/**
 * As strict as helps at a notebook: wrong names, properties and arguments are errors; what is merely
 * not annotated, or might be null, is not.
 */
const COMPILER_OPTIONS = {
  target: "esnext",
  lib: ["esnext"],
  module: "preserve",
  moduleDetection: "force",
  customConditions: ["node"],
  types: ["node"],
  typeRoots: [NODE_TYPES],
  strict: true,
  strictNullChecks: false,
  useUnknownInCatchVariables: false,
  strictPropertyInitialization: false,
  // With it the type of `const rows = []` grows with what is pushed; its own errors are dropped.
  noImplicitAny: true,
  allowImportingTsExtensions: true,
  resolveJsonModule: true,
  experimentalDecorators: false,
  jsx: "preserve",
  skipLibCheck: true,
  noEmit: true,
};

export class CellFolder {
  /** The project's root, which holds its tsconfig.json. */
  readonly root: string;
  readonly #cells: string;

  /** @param notebook the folder in which the cells run @throws Error where nothing can be written */
  constructor(notebook: string) {
    const parent = resolve(cacheFolder(), "kernel");
    mkdirSync(parent, { recursive: true, mode: 0o700 });
    removeAbandoned(parent);
    this.root = realpathSync(mkdtempSync(join(parent, `${process.pid}-`)));
    const mirror = join(this.root, "root");
    this.#cells = join(mirror, notebook);
    mkdirSync(this.#cells, { recursive: true });
    linkPackages(mirror, notebook);
    // The last place that is looked into: our own package is there in any folder, as it is at run time.
    mkdirSync(join(this.root, "node_modules"));
    symlinkSync(SDK, join(this.root, "node_modules", "grym-synth"));
    writeFileSync(join(this.root, "globals.d.ts"), GLOBALS);
    const documents = [this.current("ts"), this.current("tsx")];
    for (const path of documents) writeFileSync(path, "export {};\n");
    const project = {
      compilerOptions: { ...COMPILER_OPTIONS, rootDirs: [mirror, "/"] },
      files: ["globals.d.ts", ...documents.map((path) => relative(this.root, path))],
    };
    writeFileSync(join(this.root, "tsconfig.json"), JSON.stringify(project));
  }

  /** The document that is being written or checked; its text on disk is never read. */
  current(language: CellLanguage): string {
    return join(this.#cells, `cell.${language}`);
  }

  /** Keeps the text of a cell that has run; later cells import it by the path that is returned. */
  keep(cell: number, text: string, language: CellLanguage): string {
    const path = join(this.#cells, `cell_${cell}.${language}`);
    writeFileSync(path, text);
    return path;
  }

  remove(): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

function linkPackages(mirror: string, notebook: string): void {
  for (let folder = notebook; folder !== dirname(folder); folder = dirname(folder)) {
    const packages = join(folder, "node_modules");
    if (existsSync(packages)) symlinkSync(packages, join(mirror, packages));
  }
}

/** Removes what killed kernels have left. */
function removeAbandoned(parent: string): void {
  for (const name of readdirSync(parent)) {
    const pid = Number.parseInt(name, 10);
    if (
      Number.isInteger(pid) &&
      !existsSync(`${sep}proc${sep}${pid}`) &&
      existsSync("/proc/self")
    ) {
      rmSync(join(parent, name), { recursive: true, force: true });
    }
  }
}
