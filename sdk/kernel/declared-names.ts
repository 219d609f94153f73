/** The names that one cell declares, and where each of them lives. */

/** Collects names; those of Node stay local to the cell and are kept beside the globals. */
export class DeclaredNames {
  readonly #nodeGlobals: ReadonlySet<string>;
  readonly #globals = new Set<string>();
  readonly #kept = new Set<string>();

  /** @param nodeGlobals names that Node and packages rely on, such as `setTimeout`. */
  constructor(nodeGlobals: ReadonlySet<string>) {
    this.#nodeGlobals = nodeGlobals;
  }

  /** Names that become properties of `globalThis`. */
  get globals(): string[] {
    return [...this.#globals];
  }

  /** Names that the cell keeps for later cells without touching the global. */
  get kept(): string[] {
    return [...this.#kept];
  }

  /** Whether a declaration of these names must keep its keyword, since one of them is Node's. */
  mustStayLocal(names: readonly string[]): boolean {
    return names.some((name) => this.#nodeGlobals.has(name));
  }

  addGlobals(names: readonly string[]): void {
    for (const name of names) this.#globals.add(name);
  }

  /** Notes local names; returns the statements that keep their values for later cells. */
  keep(names: readonly string[]): string {
    for (const name of names) this.#kept.add(name);
    return names.map((name) => `__grym.keep(${JSON.stringify(name)}, ${name});`).join("");
  }
}
