/** What a rewritten cell calls: the `__grym` of its script. */

import { fileURLToPath } from "node:url";
import { type Cell, currentCell } from "./cell.ts";
import type { KeptNames } from "./global-names.ts";
import { resolveForCell } from "./module-loader.ts";
import type { ModuleVersions } from "./module-versions.ts";

/** `import.meta` of a cell. */
export interface CellMeta {
  readonly url: string;
  readonly filename: string;
  readonly dirname: string;
  resolve(specifier: string): string;
}

type Importer = (specifier: string, options?: ImportCallOptions) => Promise<object>;

/** Helpers of one cell. */
export interface CellHelpers {
  /** Before an `await`: rejects when the cell is interrupted while it waits. */
  wait(value: unknown): unknown;
  /** The iterable of a `for await`: each step rejects when the cell is interrupted. */
  each(values: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterable<unknown>;
  /** An `import()`: it notes which modules an interrupt leaves half done. */
  imported(importer: Importer, specifier: string, options?: ImportCallOptions): Promise<object>;
  /** A static import: the module, checked for the names that the cell uses. */
  checked(module: Promise<object>, specifier: string, required: readonly string[]): Promise<object>;
  /** Variables whose names belong to Node. */
  readonly own: KeptNames;
  readonly meta: CellMeta;
}

/** The helpers of a cell. */
export function cellHelpers(cell: Cell, versions: ModuleVersions, own: KeptNames): CellHelpers {
  return {
    wait,
    each,
    imported: (importer, specifier, options) =>
      versions.imported(() => importer(specifier, options)),
    checked: async (module, specifier, required) =>
      withNames(await wait(module), specifier, required),
    own,
    meta: {
      url: cell.fileName,
      filename: fileURLToPath(cell.fileName),
      dirname: process.cwd(),
      resolve: resolveForCell,
    },
  };
}

function wait(value: unknown): unknown {
  const cell = currentCell();
  return cell === undefined ? value : cell.awaited(value);
}

function each(values: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterable<unknown> {
  const iterator = openIterator(values);
  return {
    [Symbol.asyncIterator]: () => ({
      next: async () => (await wait(iterator.next())) as IteratorResult<unknown>, // what next gives
      return: async () => (await iterator.return?.()) ?? { done: true, value: undefined },
    }),
  };
}

function openIterator(values: AsyncIterable<unknown> | Iterable<unknown>): AsyncIterator<unknown> {
  // A string is iterable too, but no object.
  if (typeof values !== "string" && Symbol.asyncIterator in values) {
    return values[Symbol.asyncIterator]();
  }
  return awaitedValues(values);
}

/** `yield*` awaits the values of a synchronous iterable, as `for await` does. */
async function* awaitedValues(values: Iterable<unknown>): AsyncGenerator<unknown> {
  yield* values;
}

/** The namespace of a module; names that only its CommonJS `default` has are taken from there. */
function withNames(module: unknown, specifier: string, required: readonly string[]): object {
  if (typeof module !== "object" || module === null) throw new TypeError(`${specifier}: no module`);
  const missing = required.filter((name) => !(name in module));
  if (missing.length === 0) return module;
  const inner: unknown = Reflect.get(module, "default");
  const source = typeof inner === "function" || typeof inner === "object" ? inner : null;
  const absent = missing.filter((name) => source === null || !(name in source));
  if (absent.length > 0) {
    throw new SyntaxError(`Module "${specifier}" has no export named ${absent.join(", ")}`);
  }
  return {
    ...module,
    ...Object.fromEntries(missing.map((it) => [it, Reflect.get(source ?? {}, it)])),
  };
}
