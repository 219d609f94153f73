/** The breakpoints that a front end has asked for, and where V8 has placed them. */

import type { Debugger } from "node:inspector";
import type { MainInspector } from "../main-inspector.ts";
import type { JsonObject } from "../wire-message.ts";
import { type BreakPlace, breakPlaces, placeOfLine } from "./break-places.ts";
import { ScriptEntries } from "./script-entries.ts";
import type { UserScript, UserScripts } from "./user-scripts.ts";

const NOT_LOADED = "It is placed when this cell runs or this file is imported";
const NO_CODE = "There is no code in this line, nor below it";

interface Breakpoint {
  readonly id: number;
  /** As asked for, then where it was placed; from 1. */
  line: number;
  readonly asked: number;
  /** V8's name of it while it is placed. */
  placed: string | undefined;
  /** Why it is not. */
  message: string;
}

export class Breakpoints {
  readonly #inspector: MainInspector;
  readonly #scripts: UserScripts;
  readonly #entries: ScriptEntries;
  readonly #changed: (breakpoint: JsonObject) => void;
  readonly #ofPath = new Map<string, readonly Breakpoint[]>();
  #isStarted = false;
  #isStopWanted = false;
  /** V8's name of the breakpoint of the next script's first statement. */
  #firstStop: string | undefined;
  #serial = 0;
  #turn: Promise<unknown> = Promise.resolve();

  /** @param changed is told of one that was placed, or could not be, after it was asked for */
  constructor(
    inspector: MainInspector,
    scripts: UserScripts,
    changed: (breakpoint: JsonObject) => void,
  ) {
    this.#inspector = inspector;
    this.#scripts = scripts;
    this.#entries = new ScriptEntries(inspector);
    this.#changed = changed;
  }

  /** DAP's list of what is set, by path. */
  get all(): JsonObject[] {
    return [...this.#ofPath].map(([source, found]) => ({
      source,
      breakpoints: found.map(({ line }) => ({ line })),
    }));
  }

  /** V8 hears of breakpoints from now on. */
  start(): Promise<void> {
    return this.#inTurn(async () => {
      this.#isStarted = true;
      for (const path of this.#ofPath.keys()) await this.#placeNewest(path);
      await this.#watchEntries();
    });
  }

  /** Replaces the breakpoints of a cell or file; DAP's description of each. */
  set(path: string, lines: readonly number[]): Promise<JsonObject[]> {
    return this.#inTurn(async () => {
      await this.#remove(this.#ofPath.get(path) ?? []);
      const found = lines.map((line) => ({
        id: ++this.#serial,
        line,
        asked: line,
        placed: undefined,
        message: NOT_LOADED,
      }));
      if (found.length === 0) this.#ofPath.delete(path);
      else this.#ofPath.set(path, found);
      await this.#placeNewest(path);
      await this.#watchEntries();
      return found.map((it) => described(it, path));
    });
  }

  /** The new script, when V8 has paused only for its breakpoints to be placed. */
  entered(paused: Debugger.PausedEventDataType): string | undefined {
    return this.#entries.entered(paused);
  }

  /** Whether one is placed where the program stands. */
  areAt({ scriptId, lineNumber, columnNumber = 0 }: Debugger.Location): boolean {
    // V8 names a breakpoint of a script by its place.
    const name = `:${lineNumber}:${columnNumber}:${scriptId}`;
    return [...this.#ofPath.values()].flat().some((it) => it.placed?.endsWith(name));
  }

  /** Places breakpoints in a script that is about to run for the first time. */
  enter(script: UserScript): Promise<void> {
    return this.#inTurn(async () => {
      const found = this.#ofPath.get(script.path) ?? [];
      const before = found.map(stateOf);
      await this.#place(script, found);
      if (this.#isStopWanted) await this.#stopAtFirst(script);
      for (const [index, it] of found.entries()) {
        if (stateOf(it) !== before[index]) this.#changed(described(it, script.path));
      }
    });
  }

  /** Whether the first statement of the next script has a breakpoint of its own. */
  stopAtNextScript(isWanted: boolean): Promise<void> {
    return this.#inTurn(async () => {
      this.#isStopWanted = isWanted;
      const breakpointId = this.#firstStop;
      this.#firstStop = undefined;
      if (breakpointId !== undefined) {
        await this.#inspector.command("Debugger.removeBreakpoint", { breakpointId });
      }
      await this.#watchEntries();
    });
  }

  /** Forgets everything, as V8 does when its debugger is switched off. */
  clear(): void {
    this.#isStarted = false;
    this.#isStopWanted = false;
    this.#firstStop = undefined;
    this.#entries.clear();
    this.#ofPath.clear();
  }

  /** One change after the other: a script may be loaded while breakpoints are set. */
  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined); // whoever asked for it is told
    return done;
  }

  async #placeNewest(path: string): Promise<void> {
    const script = this.#scripts.newest(path);
    if (script !== undefined) await this.#place(script, this.#ofPath.get(path) ?? []);
  }

  async #place(script: UserScript, found: readonly Breakpoint[]): Promise<void> {
    if (!this.#isStarted || found.length === 0) return;
    await this.#remove(found);
    const places = await this.#placesOf(script);
    const idOf = new Map<BreakPlace, string>();
    for (const it of found) {
      const place = placeOfLine(places, it.asked);
      it.line = place?.line ?? it.asked;
      it.message = places.length === 0 ? NOT_LOADED : NO_CODE;
      if (place === undefined) continue;
      const id = idOf.get(place) ?? (await this.#setAt(place));
      idOf.set(place, id);
      it.placed = id;
    }
  }

  async #stopAtFirst(script: UserScript): Promise<void> {
    const [first] = (await this.#placesOf(script)).toSorted(
      ({ location: a }, { location: b }) =>
        a.lineNumber - b.lineNumber || (a.columnNumber ?? 0) - (b.columnNumber ?? 0),
    );
    const isSet = (this.#ofPath.get(script.path) ?? []).some((it) => it.line === first?.line);
    if (first === undefined || isSet || this.#firstStop !== undefined) return;
    this.#firstStop = await this.#setAt(first);
  }

  /** None for a script that is gone, because nothing can run it any more. */
  async #placesOf(script: UserScript): Promise<readonly BreakPlace[]> {
    try {
      return await breakPlaces(this.#inspector, script);
    } catch {
      return [];
    }
  }

  async #setAt({ location }: BreakPlace): Promise<string> {
    const { breakpointId } = await this.#inspector.command<Debugger.SetBreakpointReturnType>(
      "Debugger.setBreakpoint",
      { location },
    );
    return breakpointId;
  }

  async #remove(found: readonly Breakpoint[]): Promise<void> {
    const placed = new Set(found.flatMap((it) => (it.placed === undefined ? [] : [it.placed])));
    for (const it of found) it.placed = undefined;
    for (const breakpointId of placed) {
      await this.#inspector.command("Debugger.removeBreakpoint", { breakpointId });
    }
  }

  async #watchEntries(): Promise<void> {
    if (!this.#isStarted) return;
    const paths = [...this.#ofPath.keys()];
    await this.#entries.watch(this.#isStopWanted || paths.length > 0, paths);
  }
}

/** What a front end is told again when it differs. */
function stateOf({ line, placed, message }: Breakpoint): string {
  return `${line}: ${placed === undefined ? message : ""}`;
}

/** DAP's `Breakpoint`. */
function described({ id, line, placed, message }: Breakpoint, path: string): JsonObject {
  const verified = placed !== undefined;
  return { id, verified, line, source: { path }, ...(verified ? {} : { message }) };
}
