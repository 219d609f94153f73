/** The part of danfojs-node 1.2.0 that is used here, and how it is found. */
import { createRequire } from "node:module";

/** A danfo DataFrame; danfo's own documentation has the rest. */
export interface DataFrame {
  readonly columns: string[];
  readonly shape: [rows: number, columns: number];
  readonly dtypes: string[];
  column(name: string): { readonly values: unknown[] };
  toString(): string;
  // Cells call what danfo has: groupby, merge, query, toCSV and more.
  // biome-ignore lint/suspicious/noExplicitAny: danfo's own types are not there where it is not installed
  [method: string]: any;
}

export interface Danfo {
  readonly DataFrame: new (columns: Readonly<Record<string, unknown[]>>) => DataFrame;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  readonly [name: string]: any;
}

/** danfo was asked for and is not installed. */
export class DanfoMissingError extends Error {
  override readonly name = "DanfoMissingError";
  readonly code = "danfo_missing";

  constructor(cause: unknown) {
    super("danfojs-node is not installed here; it takes 340 MB. Install it: npm run danfo", {
      cause,
    });
  }
}

const require = createRequire(import.meta.url);
let loaded: Danfo | undefined;

/**
 * danfojs-node. The first call loads it, with TensorFlow.js, which takes seconds.
 *
 * @throws DanfoMissingError it is not installed
 */
export function danfo(): Danfo {
  loaded ??= load();
  return loaded;
}

function load(): Danfo {
  try {
    require.resolve("danfojs-node");
  } catch (error) {
    throw new DanfoMissingError(error);
  }
  const { readFile } = require("xlsx") as { readFile(): never }; // our module in its place
  // Its own calls xlsx in a callback of the file system, where nobody could catch the refusal.
  const readExcel = async (): Promise<unknown> => readFile();
  return { ...(require("danfojs-node") as Danfo), readExcel };
}
