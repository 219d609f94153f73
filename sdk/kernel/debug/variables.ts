/** Values as the Debug Adapter Protocol lists them, and the numbers by which a front end asks for more. */

import type { Runtime } from "node:inspector";
import type { MainInspector } from "../main-inspector.ts";
import { describeValue } from "../value-text.ts";
import type { JsonObject } from "../wire-message.ts";

/** Members that are listed of one object. */
const LIMIT = 1000;
/** How long the main thread is waited for; native code lets nobody in. */
const ANSWER_LIMIT_MS = 4000;
/** What the rewrite brings into a cell. */
const INTERNAL: ReadonlySet<string> = new Set(["__grym", "arguments"]);
/** What V8 tells of an object beside its properties, and is worth a line. */
const TOLD: ReadonlySet<string> = new Set(["[[Entries]]", "[[PromiseState]]", "[[PromiseResult]]"]);
/** The first members of a list: one of millions, with all members described, is no message. */
const HEAD = `function () { return Array.prototype.slice.call(this, 0, ${LIMIT}); }`;

/** As Node's console shows a value, deeper than V8's description in one line. */
const INSPECT = `function () {
  return process.getBuiltinModule("node:util").inspect(this, { depth: 4, breakLength: 100 });
}`;

/** An object whose members are listed. */
export interface Listed {
  readonly objectId: string;
  /** Only these; everything when absent. */
  readonly names?: ReadonlySet<string>;
  /** Whether it may be a list of millions. */
  readonly isList?: boolean;
}

export class Variables {
  /** V8's name for the objects that it keeps for the numbers. */
  readonly objectGroup = "grym-debugger";
  readonly #inspector: MainInspector;
  readonly #listed = new Map<number, readonly Listed[]>();
  #last = 0;

  constructor(inspector: MainInspector) {
    this.#inspector = inspector;
  }

  /** Forgets all numbers: the objects behind them are gone when the program goes on. */
  clear(): void {
    if (this.#listed.size === 0) return;
    this.#listed.clear();
    // A kernel that ends needs no answer.
    const { objectGroup } = this;
    this.#inspector.command("Runtime.releaseObjectGroup", { objectGroup }).catch(() => undefined);
  }

  /** A number for the members of some objects; 0, which means none, for no objects. */
  reference(listed: readonly Listed[]): number {
    if (listed.length === 0) return 0;
    this.#listed.set(++this.#last, listed);
    return this.#last;
  }

  /** DAP's variables behind a number. */
  async list(reference: number): Promise<JsonObject[]> {
    const found = new Map<string, JsonObject>();
    for (const listed of this.#listed.get(reference) ?? []) {
      for (const property of await this.#properties(listed, reference)) {
        // The innermost scope comes first, and hides what is outside.
        if (isShown(property, listed) && !found.has(property.name))
          found.set(property.name, this.#variable(property));
      }
    }
    return [...found.values()].slice(0, LIMIT);
  }

  /** A number for the members of a value. */
  referenceOf({ objectId, type, subtype }: Runtime.RemoteObject): number {
    if (objectId === undefined || type !== "object") return 0;
    return this.reference([{ objectId, isList: subtype === "array" || subtype === "typedarray" }]);
  }

  /** DAP's variable, without its type: where there is one, JupyterLab shows it in place of the value. */
  #variable({ name, value, get }: Runtime.PropertyDescriptor): JsonObject {
    const object = value ?? { type: "undefined" };
    const text = value === undefined && get !== undefined ? "(getter)" : describeValue(object);
    const variablesReference = this.referenceOf(object);
    return { name, evaluateName: name, value: text, variablesReference };
  }

  /** Own members, as far as the number still stands for something when the answer comes. */
  async #properties(listed: Listed, reference: number): Promise<Runtime.PropertyDescriptor[]> {
    try {
      const { objectId, names } = listed;
      const parameters = {
        objectId: listed.isList ? await this.#headOf(objectId) : objectId,
        ownProperties: true,
        // Of the global object's thousand members few are wanted, and each preview costs.
        generatePreview: names === undefined || names.size < LIMIT,
      };
      const answer = await this.#inspector.command<Runtime.GetPropertiesReturnType>(
        "Runtime.getProperties",
        parameters,
        ANSWER_LIMIT_MS,
      );
      const told = answer.internalProperties?.filter(({ name }) => TOLD.has(name)) ?? [];
      const properties = answer.result.filter((it) => !(listed.isList && it.name === "length"));
      return [
        ...properties,
        ...told.map((it) => ({ configurable: false, enumerable: false, ...it })),
      ];
    } catch (error) {
      if (!this.#listed.has(reference)) return [];
      throw error;
    }
  }

  /** A value in several lines. */
  async inspected(value: Runtime.RemoteObject): Promise<string> {
    if (value.objectId === undefined) return describeValue(value);
    return String((await this.#call(value.objectId, INSPECT)).value);
  }

  /** A short list itself, or a copy of the beginning of a long one. */
  async #headOf(objectId: string): Promise<string> {
    return (await this.#call(objectId, HEAD)).objectId ?? objectId;
  }

  /** What a function gives with an object as its `this`. @throws Error with what it throws */
  async #call(objectId: string, functionDeclaration: string): Promise<Runtime.RemoteObject> {
    const { objectGroup } = this;
    const { result, exceptionDetails } =
      await this.#inspector.command<Runtime.CallFunctionOnReturnType>(
        "Runtime.callFunctionOn",
        { objectId, functionDeclaration, objectGroup, silent: true },
        ANSWER_LIMIT_MS,
      );
    if (exceptionDetails === undefined) return result;
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  }
}

/** A name that the cell has not assigned yet is no variable so far. */
function isShown({ name, get }: Runtime.PropertyDescriptor, { names }: Listed): boolean {
  if (names !== undefined) return names.has(name) && get === undefined;
  return !INTERNAL.has(name);
}
