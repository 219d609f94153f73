/** The names that one cell declares, and where each of them lives. */

/** How a cell calls its helpers. */
export const HELPERS = "__grym";

/**
 * Collects names. Most become properties of `globalThis`; those that Node and packages rely on, such as
 * `setTimeout`, live beside the globals, where all cells see them and nothing else does.
 */
export class DeclaredNames {
  readonly #nodeGlobals: ReadonlySet<string>;
  readonly #own: ReadonlySet<string>;
  readonly #globals = new Set<string>();
  readonly #kept = new Set<string>();

  /**
   * @param nodeGlobals names that belong to Node.
   * @param own names that the user's text declares; a transpiler's helpers are not among them.
   */
  constructor(nodeGlobals: ReadonlySet<string>, own: ReadonlySet<string>) {
    this.#nodeGlobals = nodeGlobals;
    this.#own = own;
  }

  /** Names that become properties of `globalThis`. */
  get globals(): string[] {
    return [...this.#globals];
  }

  /** Names that live beside the globals. */
  get kept(): string[] {
    return [...this.#kept];
  }

  isNodes(name: string): boolean {
    return this.#nodeGlobals.has(name);
  }

  /** Whether none of the names is the user's: then their declaration stays local to the cell. */
  areHelpers(names: readonly string[]): boolean {
    return !names.some((name) => this.#own.has(name));
  }

  add(names: readonly string[]): void {
    for (const name of names) (this.isNodes(name) ? this.#kept : this.#globals).add(name);
  }

  /** What a script writes for a name that it declares. */
  target(name: string): string {
    return this.isNodes(name) ? keptName(name) : name;
  }
}

/** What a script writes for a name that lives beside the globals. */
export function keptName(name: string): string {
  return `${HELPERS}.own.${name}`;
}
