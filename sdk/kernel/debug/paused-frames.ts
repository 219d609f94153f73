/** The stack of a paused cell, in the user's lines. */

import type { Debugger, Runtime } from "node:inspector";
import { basename } from "node:path";
import type { MainInspector } from "../main-inspector.ts";
import type { Position } from "../source-map.ts";
import type { JsonObject } from "../wire-message.ts";
import type { CellScripts } from "./cell-scripts.ts";
import type { UserScript, UserScripts } from "./user-scripts.ts";
import type { Listed, Variables } from "./variables.ts";

/** How long an expression of the user may take: nothing else can stop it while a cell is paused. */
const EVALUATION_LIMIT_MS = 2000;
/** How long the main thread is waited for in all; native code lets nobody in. */
const ANSWER_LIMIT_MS = 4000;

/** Parameters of V8's protocol, with those that Node's types leave out. */
interface Evaluation extends Runtime.EvaluateParameterType {
  readonly timeout: number;
  readonly disableBreaks: boolean;
}

export class PausedFrames {
  readonly #inspector: MainInspector;
  readonly #scripts: UserScripts;
  readonly #cells: CellScripts;
  readonly #variables: Variables;
  #frames: readonly Debugger.CallFrame[] | undefined;

  constructor(
    inspector: MainInspector,
    scripts: UserScripts,
    cells: CellScripts,
    variables: Variables,
  ) {
    this.#inspector = inspector;
    this.#scripts = scripts;
    this.#cells = cells;
    this.#variables = variables;
  }

  get isPaused(): boolean {
    return this.#frames !== undefined;
  }

  /**
   * Whose code the pause is in: the user's, what the kernel has put into a cell, what the user's code
   * has called, or what has nothing to do with it.
   */
  get standsIn(): "user" | "cell" | "called" | "others" {
    const [top, ...callers] = this.#frames ?? [];
    if (top === undefined) return "others";
    const script = this.#scripts.get(top.location.scriptId);
    if (script !== undefined) return script.isWritten(positionOf(top)) ? "user" : "cell";
    const isCalled = callers.some((it) => this.#scripts.get(it.location.scriptId) !== undefined);
    return isCalled ? "called" : "others";
  }

  paused({ callFrames }: Debugger.PausedEventDataType): void {
    this.#frames = callFrames;
  }

  resumed(): void {
    this.#frames = undefined;
  }

  /** DAP's body: frames of cells and of the files that they import. */
  stackTrace(): JsonObject {
    const stackFrames = (this.#frames ?? []).flatMap((frame, id) => {
      const script = this.#scripts.get(frame.location.scriptId);
      if (script === undefined) return [];
      const { line, column } = script.userPosition(positionOf(frame));
      const source = { path: script.path, name: basename(script.path) };
      return [{ id: id + 1, name: nameOf(frame, script), line, column, source }];
    });
    return { stackFrames, totalFrames: stackFrames.length };
  }

  /** DAP's body: what a frame can see. */
  scopes(frameId: number): JsonObject {
    const frame = this.#frames?.[frameId - 1];
    const chain = frame?.scopeChain ?? [];
    const idsOf = (types: readonly string[]): Listed[] =>
      chain.flatMap(({ type, object }) =>
        types.includes(type) && object.objectId !== undefined
          ? [{ objectId: object.objectId }]
          : [],
      );
    const globalsOf = (names: ReadonlySet<string>): Listed[] =>
      idsOf(["global"]).map((it) => ({ ...it, names }));
    const scope = (name: string, listed: readonly Listed[]): JsonObject => ({
      name,
      variablesReference: this.#variables.reference(listed),
      expensive: false,
    });
    // What a cell declares at its top level is global; to its writer it is local there.
    const script = frame && this.#scripts.get(frame.location.scriptId);
    const isTop = frame !== undefined && isTopLevel(frame);
    const own = isTop ? [...idsOf(["module"]), ...globalsOf(script?.declares ?? new Set())] : [];
    const locals = [...idsOf(["local", "block", "catch", "with"]), ...own];
    return {
      scopes: [
        scope("Locals", locals),
        scope("Closure", idsOf(isTop ? ["closure"] : ["closure", "module"])),
        scope("Globals", globalsOf(this.#cells.declared)),
      ],
    };
  }

  /**
   * Value of an expression in a frame, or in the globals where no frame is named or paused.
   *
   * @throws Error with the message of what the expression throws, or that it takes too long
   */
  async evaluate(expression: string, frameId: number): Promise<Runtime.RemoteObject> {
    const frame = this.#frames?.[frameId - 1];
    const parameters: Evaluation = {
      expression,
      objectGroup: this.#variables.objectGroup,
      generatePreview: true,
      silent: true,
      timeout: EVALUATION_LIMIT_MS,
      disableBreaks: true,
    };
    const [method, place] =
      frame === undefined
        ? ["Runtime.evaluate", {}]
        : ["Debugger.evaluateOnCallFrame", { callFrameId: frame.callFrameId }];
    const { exceptionDetails, result } = await this.#inspector.command<Runtime.EvaluateReturnType>(
      method,
      { ...parameters, ...place },
      ANSWER_LIMIT_MS,
    );
    if (exceptionDetails === undefined) return result;
    throw new Error(exceptionDetails.exception?.description ?? exceptionDetails.text);
  }
}

/** From 1, as positions of texts are. */
function positionOf({ location }: Debugger.CallFrame): Position {
  return { line: location.lineNumber + 1, column: (location.columnNumber ?? 0) + 1 };
}

/** Whether a frame is that of a cell or module itself, rather than of a function in it. */
function isTopLevel({ functionName, functionLocation }: Debugger.CallFrame): boolean {
  const { lineNumber = 0, columnNumber = 0 } = functionLocation ?? {};
  // The function that is a cell stands in a parenthesis.
  return functionName === "" && lineNumber === 0 && columnNumber <= 1;
}

function nameOf(frame: Debugger.CallFrame, { declares }: UserScript): string {
  if (!isTopLevel(frame)) return frame.functionName || "(anonymous)";
  return declares === undefined ? "module" : "cell";
}
