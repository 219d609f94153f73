/** Errors as a Jupyter user reads them: cells by number, lines of the source they wrote. */

import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { inspect } from "node:util";
import { deserialize, serialize } from "node:v8";
import { CELL_FILE } from "./cell.ts";
import { codeFrame } from "./code-frame.ts";
import { type CellMap, originalPosition, type Position } from "./source-map.ts";
import type { CellScript, ErrorReport } from "./thread-messages.ts";

const CELL_FRAME = new RegExp(`file://.*?${CELL_FILE.source}:(\\d+):(\\d+)`);
const FILE_FRAME = /file:\/\/.*?(?=:\d+:\d+)/;
const KERNEL_FOLDER = new URL("./", import.meta.url).href;
const MAX_CAUSES = 8;
/** Errors shown in one report: each of an AggregateError may have causes of its own. */
const MAX_ERRORS = 32;
/** Cells whose sources are kept for tracebacks, a few kB each. */
const MAX_CELLS = 2000;

/** What a traceback needs of a cell. Most maps are never read, and packed they are a tenth as large. */
interface ShownCell {
  readonly executionCount: number;
  readonly source: string;
  readonly packedMap: Buffer;
}

/** Remembers the sources of cells and reports errors in their terms. */
export class Tracebacks {
  readonly #cells = new Map<number, ShownCell>();

  add({ cell, executionCount, source, map }: CellScript): void {
    this.#cells.set(cell, { executionCount, source, packedMap: serialize(map) });
    if (this.#cells.size <= MAX_CELLS) return;
    const [oldest] = this.#cells.keys();
    if (oldest !== undefined) this.#cells.delete(oldest);
  }

  /** Report of anything that was thrown, even of what resists being looked at. */
  report(thrown: unknown): ErrorReport {
    try {
      return this.#report(thrown);
    } catch (error) {
      const evalue = `a thrown value that cannot be shown: ${String(error)}`;
      return { ename: "Uncaught", evalue, traceback: [evalue] };
    }
  }

  #report(thrown: unknown): ErrorReport {
    if (!isErrorLike(thrown)) {
      const evalue = inspect(thrown);
      return { ename: "Uncaught", evalue, traceback: [`\u001b[31mUncaught\u001b[39m ${evalue}`] };
    }
    return {
      ename: nameOf(thrown),
      evalue: thrown.message,
      traceback: this.#lines(thrown, 0, { left: MAX_ERRORS }),
    };
  }

  #lines(error: Error, depth: number, budget: { left: number }): string[] {
    const lines = [`\u001b[31m${nameOf(error)}\u001b[39m: ${error.message}`];
    lines.push(...this.#frames(error));
    const details = detailsOf(error);
    if (details !== undefined) lines.push(details);
    if (depth >= MAX_CAUSES) return lines;
    for (const [title, cause] of causesOf(error)) {
      if (--budget.left <= 0) {
        if (budget.left === 0) lines.push("", "… and more errors");
        break;
      }
      const inner = isErrorLike(cause) ? this.#lines(cause, depth + 1, budget) : [inspect(cause)];
      lines.push("", `${title}:`, ...inner.map((line) => `  ${line}`));
    }
    return lines;
  }

  #frames(error: Error): string[] {
    const lines: string[] = [];
    let excerpt: string[] | undefined;
    for (const line of stackLines(error)) {
      const frame = this.#cellFrame(line);
      if (frame === undefined) {
        if (!isInternal(line)) lines.push(shortenFile(line));
        continue;
      }
      lines.push(frame.line);
      excerpt ??= codeFrame(frame.source, frame.position);
    }
    return [...(excerpt ?? []), ...lines];
  }

  #cellFrame(line: string): { line: string; source: string; position: Position } | undefined {
    const match = CELL_FRAME.exec(line);
    const order = match === null ? undefined : this.#cells.get(Number(match[1]));
    if (match === null || order === undefined) return undefined;
    const script = { line: Number(match[2]), column: Number(match[3]) };
    const map: CellMap = deserialize(order.packedMap);
    const position = originalPosition(map, script);
    const place = `Cell [${order.executionCount}], line ${position.line}:${position.column}`;
    const text = line.replace(CELL_FRAME, place).replace(/^(\s*at) async (?=Cell )/, "$1 ");
    return { line: text, source: order.source, position };
  }
}

/** Errors of other realms and of libraries that only look like one are errors to a reader. */
function isErrorLike(value: unknown): value is Error {
  if (value instanceof Error) return true;
  if (typeof value !== "object" || value === null) return false;
  return (
    "message" in value &&
    typeof value.message === "string" &&
    "name" in value &&
    typeof value.name === "string" &&
    "stack" in value
  );
}

const NATIVE_NAMES: ReadonlySet<string> = new Set([
  ...["Error", "TypeError", "RangeError", "SyntaxError", "ReferenceError", "EvalError", "URIError"],
  "AggregateError",
]);

/** Name of an error; a class that inherits it from a native one is known by its own name. */
function nameOf(error: Error): string {
  const name: unknown = error.name;
  const { constructor: made } = error;
  const own = typeof made === "function" ? made.name : "";
  if (typeof name !== "string" || name === "") return own === "" ? "Error" : own;
  // Node's own errors are of classes that nobody knows.
  return NATIVE_NAMES.has(name) && own !== "" && own !== "NodeError" ? own : name;
}

/** Lines of the stack after the message. A stack in another form (Python's) is kept whole. */
function stackLines(error: Error): string[] {
  const stack = stackOf(error);
  if (typeof stack !== "string") return [];
  const first = stack.search(/^\s+at /m);
  if (first < 0) return stack.includes("\n") ? stack.split("\n") : [];
  return stack
    .slice(first)
    .split("\n")
    .filter((line) => line.trim() !== "");
}

/** The stack in V8's form, whatever form a cell has asked for. It is formatted when it is first read. */
function stackOf(error: Error): unknown {
  const { prepareStackTrace } = Error;
  if (prepareStackTrace === undefined) return error.stack;
  Reflect.deleteProperty(Error, "prepareStackTrace");
  try {
    return error.stack;
  } finally {
    Error.prepareStackTrace = prepareStackTrace;
  }
}

function isInternal(line: string): boolean {
  return line.includes(KERNEL_FOLDER) || /\(?node:|^\s+at (?:async )?Promise\.all /.test(line);
}

function shortenFile(line: string): string {
  return line.replace(FILE_FRAME, (url) => {
    const path = fileURLToPath(url.replace(/\?v=\d+$/, ""));
    const local = relative(process.cwd(), path);
    return local.startsWith("..") ? path : local;
  });
}

/** Own fields such as `code` and `path` of a system error, in one line. */
function detailsOf(error: Error): string | undefined {
  const hidden = new Set(["name", "message", "stack", "cause", "errors"]);
  const fields = Object.entries(error).filter(([key]) => !hidden.has(key));
  if (fields.length === 0) return undefined;
  return inspect(Object.fromEntries(fields), { depth: 1, breakLength: 100 });
}

function causesOf(error: Error): [title: string, cause: unknown][] {
  const causes: [string, unknown][] = [];
  if (error.cause !== undefined) causes.push(["Caused by", error.cause]);
  if (error instanceof AggregateError) {
    causes.push(...error.errors.map((it, n): [string, unknown] => [`Error ${n + 1}`, it]));
  }
  return causes;
}
