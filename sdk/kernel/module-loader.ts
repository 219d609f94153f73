/**
 * Loading of local files the way TypeScript users write imports: without extension, a folder for
 * its index, `.js` for a `.ts`, with enums and parameter properties.
 */

import { readFileSync, realpathSync, statSync } from "node:fs";
import {
  createRequire,
  type LoadFnOutput,
  type ResolveFnOutput,
  type ResolveHookContext,
  registerHooks,
  setSourceMapsSupport,
} from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { CELL_FILE, cellUrl } from "./cell.ts";
import type { ModuleVersions } from "./module-versions.ts";
import { lineStarts, positionAt } from "./source-map.ts";
import type * as Transpile from "./transpile.ts";

const EXTENSIONS = [".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json"];
/** What a TypeScript import writes → what the file may be called. */
const SOURCE_OF: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};
const TYPESCRIPT = /\.(?:ts|tsx|mts|cts)$/;
const VERSION = /\?v=\d+$/;
/** What a cell asks `import.meta.resolve` for: Node resolves for the asking file only. */
const FOR_CELL = "grym-cell:";
const SDK_FOLDER = fileURLToPath(new URL("../", import.meta.url));

/** Installs the loader hooks of this thread; they serve `import` and `require`. */
export function installLoader(versions: ModuleVersions): void {
  setSourceMapsSupport(true, { nodeModules: false, generatedCode: true });
  registerHooks({
    resolve: (specifier, context, next) => {
      if (specifier.startsWith(FOR_CELL)) {
        const asked = specifier.slice(FOR_CELL.length);
        const local = localPath(asked, cellUrl(0));
        if (local !== undefined) return { url: pathToFileURL(local).href, shortCircuit: true };
        return resolvePackage(asked, { ...context, parentURL: cellUrl(0) }, next);
      }
      const local = localPath(specifier, context.parentURL);
      if (local !== undefined) return localModule(local, context, versions);
      const resolved = resolvePackage(specifier, context, next);
      const path = pathOf(resolved.url);
      if (path === undefined) return resolved;
      if (isWorkspace(path)) track(path, context, versions);
      return { ...resolved, url: versionedUrl(path, context, versions) };
    },
    load: (url, context, next) => {
      const path = pathOf(url);
      if (path === undefined) return next(url, context);
      versions.begin(path);
      // Our own files are loaded as Node loads them: from its cache of compiled modules, a fifth of the time.
      const isOwn = path.startsWith(SDK_FOLDER);
      const loaded = TYPESCRIPT.test(path) && !isOwn ? loadTypeScript(path) : next(url, context);
      const isEdited = VERSION.test(url) && !context.conditions.includes("require");
      return isEdited && loaded.format === "commonjs" ? requiredModule(path) : loaded;
    },
  });
}

/** Our own package can be imported from any folder: people install the kernel in their own Jupyter. */
function resolvePackage(
  specifier: string,
  context: ResolveHookContext,
  next: (specifier: string, context: Partial<ResolveHookContext>) => ResolveFnOutput,
): ResolveFnOutput {
  try {
    return next(specifier, context);
  } catch (error) {
    const isMissing =
      error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    if (!isMissing || !/^grym-synth(?:\/|$)/.test(specifier)) throw error;
    return next(specifier, { ...context, parentURL: import.meta.url });
  }
}

/** The file that a relative, absolute or `file:` specifier means, when there is one. */
export function localPath(specifier: string, parentUrl: string | undefined): string | undefined {
  if (!/^(?:\.{0,2}\/|\.{1,2}$|file:)/.test(specifier)) return undefined;
  // Packages mean what Node understands: some keep a `.ts` beside the `.js` that they run.
  if (parentUrl?.includes("/node_modules/")) return undefined;
  const parent = parentUrl === undefined ? pathToFileURL(join(process.cwd(), "/")).href : parentUrl;
  if (!parent.startsWith("file:")) return undefined;
  return resolveFile(fileURLToPath(new URL(specifier, parent)));
}

function resolveFile(path: string): string | undefined {
  const extension = extname(path);
  const stem = path.slice(0, path.length - extension.length);
  const candidates = [
    path,
    ...(SOURCE_OF[extension] ?? []).map((source) => stem + source),
    ...EXTENSIONS.map((ending) => path + ending),
    ...EXTENSIONS.map((ending) => join(path, `index${ending}`)),
  ];
  const found = candidates.find((it) => statSync(it, { throwIfNoEntry: false })?.isFile());
  // As Node does, so that a file reached by two ways is one module.
  return found === undefined ? undefined : realpathSync(found);
}

function localModule(
  path: string,
  context: ResolveHookContext,
  versions: ModuleVersions,
): ResolveFnOutput {
  track(path, context, versions);
  const given = context.importAttributes;
  // TypeScript's users write no attribute; `require` takes none.
  const isJson = path.endsWith(".json") && !isRequire(context);
  const importAttributes = isJson ? { ...given, type: "json" } : given;
  return { url: versionedUrl(path, context, versions), importAttributes, shortCircuit: true };
}

/** Whether a package is a workspace, which its writer edits. Ours is not: it holds the Python process. */
function isWorkspace(path: string): boolean {
  return !path.includes("/node_modules/") && !path.startsWith(SDK_FOLDER);
}

/** Watches a file that a cell imports, or a file that is watched. */
function track(path: string, context: ResolveHookContext, versions: ModuleVersions): void {
  const importer = context.parentURL === undefined ? undefined : pathOf(context.parentURL);
  const fromCell = importer !== undefined && CELL_FILE.test(importer);
  // Packages are never loaded again: two copies of one would not recognise each other's values.
  if (fromCell || importer === undefined) versions.track(path, undefined);
  else if (versions.isTracked(importer)) versions.track(path, importer);
}

function versionedUrl(path: string, context: ResolveHookContext, versions: ModuleVersions): string {
  const { href } = pathToFileURL(path);
  // `require` knows files by their paths; a changed one has left its cache.
  return isRequire(context) ? href : href + versions.query(path);
}

function isRequire({ conditions }: ResolveHookContext): boolean {
  return conditions.includes("require");
}

/**
 * An edited CommonJS file for `import`. Node would first note the files that it requires, to learn their
 * export names, and then take the note for the file (`relativeResolveCache` of its CommonJS loader): an
 * edited file below it would be `{}`.
 */
function requiredModule(path: string): LoadFnOutput {
  const file = JSON.stringify(path);
  const value: unknown = createRequire(path)(path);
  const names = typeof value === "object" && value !== null ? Object.keys(value) : [];
  const exported = names.filter((name) => name !== "default");
  const source = [
    'import { createRequire } from "node:module";',
    `const value = createRequire(${file})(${file});`,
    "export default value;",
    ...exported.map((name, n) => `const name${n} = value[${JSON.stringify(name)}];`),
    `export { ${exported.map((name, n) => `name${n} as ${JSON.stringify(name)}`).join(", ")} };`,
  ];
  return { format: "module", source: source.join("\n"), shortCircuit: true };
}

/** The URL that `import(specifier)` would load in a cell. */
export function resolveForCell(specifier: string): string {
  return import.meta.resolve(FOR_CELL + specifier);
}

/** Path of a `file:` URL without its version. */
function pathOf(url: string): string | undefined {
  return url.startsWith("file:") ? fileURLToPath(url.replace(VERSION, "")) : undefined;
}

const require = createRequire(import.meta.url);

function loadTypeScript(path: string): LoadFnOutput {
  // Loaded with the first TypeScript file: most kernels start faster than they need it.
  const { transpile, TranspileError }: typeof Transpile = require("./transpile.ts");
  const source = readFileSync(path, "utf8");
  const language = path.endsWith("x") ? "tsx" : "ts";
  try {
    const { code, payload } = transpile(source, { folder: dirname(path), language });
    const map = JSON.stringify({ ...payload, sources: [path] });
    const encoded = Buffer.from(map).toString("base64");
    const comment = `//# sourceMappingURL=data:application/json;base64,${encoded}`;
    const format = path.endsWith(".cts") ? "commonjs" : "module";
    return { format, source: `${code}\n${comment}`, shortCircuit: true };
  } catch (error) {
    if (!(error instanceof TranspileError)) throw error;
    const { line, column } = positionAt(lineStarts(source), error.offset);
    throw new SyntaxError(`${path}:${line}:${column}: ${error.message}`);
  }
}
