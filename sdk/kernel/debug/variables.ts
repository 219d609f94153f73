/** Values as the Debug Adapter Protocol lists them, and the numbers by which a front end asks for more. */

import type { Runtime } from "node:inspector";
import type { MainInspector } from "../main-inspector.ts";
import { describeValue } from "../value-text.ts";
import type { JsonObject } from "../wire-message.ts";

/** Members that are listed of one object. */
const LIMIT = 1000;
/** What the rewrite brings into a cell. */
const INTERNAL = new Set(["__grym", "arguments"]);

/** What a number stands for: objects whose members are listed together. */
interface Listed {
  readonly objectIds: readonly string[];
  /** Only these; everything when absent. */
  readonly names?: ReadonlySet<string>;
}

export class Variables {
  readonly #inspector: MainInspector;
  #listed: Listed[] = [];

  constructor(inspector: MainInspector) {
    this.#inspector = inspector;
  }

  /** Forgets all numbers: the objects behind them are gone when the program goes on. */
  clear(): void {
    this.#listed = [];
  }

  /** A number for the members of some objects; 0, which means none, for no objects. */
  reference(objectIds: readonly string[], names?: ReadonlySet<string>): number {
    if (objectIds.length === 0) return 0;
    this.#listed.push(names === undefined ? { objectIds } : { objectIds, names });
    return this.#listed.length;
  }

  /** DAP's variables behind a number. */
  async list(reference: number): Promise<JsonObject[]> {
    const listed = this.#listed[reference - 1];
    if (listed === undefined) return [];
    const found = new Map<string, JsonObject>();
    for (const objectId of listed.objectIds) {
      for (const property of await this.#properties(objectId, listed.names)) {
        const isShown = !INTERNAL.has(property.name) && (listed.names?.has(property.name) ?? true);
        // The innermost scope comes first, and hides what is outside.
        if (isShown && !found.has(property.name))
          found.set(property.name, this.#variable(property));
      }
    }
    return [...found.values()].slice(0, LIMIT);
  }

  /** DAP's fields of a value. */
  value(object: Runtime.RemoteObject): JsonObject {
    const isObject = object.objectId !== undefined && object.type === "object";
    return {
      type: object.className ?? object.subtype ?? object.type,
      variablesReference: this.reference(isObject ? [object.objectId ?? ""] : []),
    };
  }

  #variable({ name, value, get }: Runtime.PropertyDescriptor): JsonObject {
    const object = value ?? { type: "undefined" };
    const text = value === undefined && get !== undefined ? "(getter)" : describeValue(object);
    return { name, evaluateName: name, value: text, ...this.value(object) };
  }

  /** Own members; of the global object only those asked for, as it has a thousand. */
  async #properties(
    objectId: string,
    names: ReadonlySet<string> | undefined,
  ): Promise<readonly Runtime.PropertyDescriptor[]> {
    const answer = await this.#inspector.command<Runtime.GetPropertiesReturnType>(
      "Runtime.getProperties",
      { objectId, ownProperties: true, generatePreview: names === undefined || names.size < LIMIT },
    );
    return answer.result;
  }
}
