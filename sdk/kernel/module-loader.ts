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
import { extname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as OxcTransform from "oxc-transform";
import { CELL_FILE } from "./cell.ts";
import type { ModuleVersions } from "./module-versions.ts";

const EXTENSIONS = [".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json"];
/** What a TypeScript import writes → what the file may be called. */
const SOURCE_OF: Readonly<Record<string, readonly string[]>> = {
  ".js": [".ts", ".tsx"],
  ".mjs": [".mts"],
  ".cjs": [".cts"],
};
const TYPESCRIPT = /\.(?:ts|tsx|mts|cts)$/;

/** Installs the loader hooks of this thread; they serve `import` and `require`. */
export function installLoader(versions: ModuleVersions): void {
  setSourceMapsSupport(true, { nodeModules: false, generatedCode: true });
  registerHooks({
    resolve: (specifier, context, next) => {
      const local = localPath(specifier, context.parentURL);
      if (local !== undefined) return localModule(local, context, versions);
      return withVersion(resolvePackage(specifier, context, next), versions);
    },
    load: (url, context, next) => {
      const path = pathOf(url);
      if (path === undefined) return next(url, context);
      versions.begin(path);
      return TYPESCRIPT.test(path) ? loadTypeScript(path) : next(url, context);
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
  const importer = context.parentURL === undefined ? undefined : pathOf(context.parentURL);
  const fromCell = importer !== undefined && CELL_FILE.test(importer);
  // Packages are never loaded again: two copies of one would not recognise each other's values.
  if (fromCell || importer === undefined) versions.track(path, undefined);
  else if (versions.isTracked(importer)) versions.track(path, importer);
  const url = pathToFileURL(path).href + versions.query(path);
  const attributes = context.importAttributes;
  return { url, importAttributes: attributes, shortCircuit: true };
}

function withVersion(resolved: ResolveFnOutput, versions: ModuleVersions): ResolveFnOutput {
  const path = pathOf(resolved.url);
  return path === undefined ? resolved : { ...resolved, url: resolved.url + versions.query(path) };
}

/** Path of a `file:` URL without its version. */
function pathOf(url: string): string | undefined {
  return url.startsWith("file:") ? fileURLToPath(url.replace(/\?v=\d+$/, "")) : undefined;
}

const require = createRequire(import.meta.url);

function loadTypeScript(path: string): LoadFnOutput {
  // Loaded with the first TypeScript file: most kernels start faster than they need it.
  const { transformSync }: typeof OxcTransform = require("oxc-transform");
  const source = readFileSync(path, "utf8");
  const { code, map, errors } = transformSync(path, source, { sourcemap: true });
  const [first] = errors;
  if (first !== undefined) {
    throw new SyntaxError(`${path}: ${first.message}\n${first.codeframe ?? ""}`);
  }
  const encoded = Buffer.from(JSON.stringify({ ...map, sources: [path] })).toString("base64");
  const comment = `//# sourceMappingURL=data:application/json;base64,${encoded}`;
  const format = path.endsWith(".cts") ? "commonjs" : "module";
  return { format, source: `${code}\n${comment}`, shortCircuit: true };
}
