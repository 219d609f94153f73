/** The names that cells declare, as properties of `globalThis` and beside it. */

const { defineProperty, getOwnPropertyDescriptor } = Object;

/**
 * Announces the names that a cell is about to declare. One that is new is unreadable until the cell
 * assigns it, as in a module; one that exists keeps its value until then.
 *
 * @returns takes back what the cell has not assigned, for a cell that failed.
 */
export function announceGlobals(names: readonly string[]): () => void {
  const announced = names
    .filter((name) => !Object.hasOwn(globalThis, name))
    .map((name) => ({ name, get: announce(name) }));
  return () => {
    for (const { name, get } of announced) {
      if (getOwnPropertyDescriptor(globalThis, name)?.get !== get) continue;
      Reflect.deleteProperty(globalThis, name);
    }
  };
}

function announce(name: string): () => never {
  const get = (): never => {
    throw new ReferenceError(`Cannot access '${name}' before initialization`);
  };
  const set = (value: unknown): void => {
    defineProperty(globalThis, name, {
      value,
      writable: true,
      configurable: true,
      enumerable: true,
    });
  };
  defineProperty(globalThis, name, { get, set, configurable: true, enumerable: true });
  return get;
}

/** Variables of cells whose names belong to Node; one that no cell has assigned is Node's own. */
export type KeptNames = Record<string, unknown>;

/** @param initial names that cells see from the start, made when they are first read. */
export function keptNames(initial: Readonly<Record<string, () => unknown>>): KeptNames {
  const values = new Map<string, unknown>();
  const read = (name: string): unknown => {
    const make = Object.hasOwn(initial, name) ? initial[name] : undefined;
    if (make === undefined) return Reflect.get(globalThis, name);
    values.set(name, make());
    return values.get(name);
  };
  const target: KeptNames = {};
  return new Proxy(target, {
    get: (_, name) => {
      const key = String(name);
      return values.has(key) ? values.get(key) : read(key);
    },
    set: (_, name, value) => {
      values.set(String(name), value);
      return true;
    },
  });
}
