/** The cells of this session, as `history_request` asks for them. */

import type { JsonObject } from "./wire-message.ts";

/** One line of history: session, number, input, or input with its output. */
type HistoryLine = readonly [number, number, string | readonly [string, string | null]];

interface Entry {
  readonly line: number;
  readonly input: string;
  output: string | null;
}

/** The kernel keeps one session; lines of earlier ones are not stored. */
const SESSION = 1;

export class History {
  readonly #entries: Entry[] = [];

  add(line: number, input: string): void {
    this.#entries.push({ line, input, output: null });
  }

  /** Notes the text of a result. */
  setOutput(line: number, output: string): void {
    const entry = this.#entries.findLast((it) => it.line === line);
    if (entry !== undefined) entry.output = output;
  }

  /** Content of `history_reply` for the content of a request. */
  reply(request: JsonObject): JsonObject {
    const withOutput = request["output"] === true;
    const history = this.#select(request).map((entry): HistoryLine => {
      const text = withOutput ? ([entry.input, entry.output] as const) : entry.input;
      return [SESSION, entry.line, text];
    });
    return { status: "ok", history };
  }

  #select(request: JsonObject): readonly Entry[] {
    const n = numberOf(request["n"], this.#entries.length);
    switch (request["hist_access_type"]) {
      case "range":
        // 0 is the running session; those before it are not kept.
        if (![0, SESSION].includes(numberOf(request["session"], 0))) return [];
        return this.#range(numberOf(request["start"], 0), numberOf(request["stop"], Infinity));
      case "search":
        return lastOf(
          this.#search(String(request["pattern"] ?? "*"), request["unique"] === true),
          n,
        );
      default:
        return lastOf(this.#entries, n);
    }
  }

  /** Lines from `start` up to, but not including, `stop`. */
  #range(start: number, stop: number): readonly Entry[] {
    return this.#entries.filter(({ line }) => line >= start && line < stop);
  }

  #search(glob: string, unique: boolean): readonly Entry[] {
    const pattern = globPattern(glob);
    const found = this.#entries.filter(({ input }) => pattern.test(input));
    if (!unique) return found;
    return found.filter((entry, n) => found.findLastIndex((it) => it.input === entry.input) === n);
  }
}

function lastOf(entries: readonly Entry[], n: number): readonly Entry[] {
  return n <= 0 ? [] : entries.slice(-n);
}

function numberOf(value: unknown, otherwise: number): number {
  return typeof value === "number" ? value : otherwise;
}

/** `*` is any text, `?` any character, as in SQLite's GLOB, which other kernels use. */
function globPattern(glob: string): RegExp {
  const source = glob.replace(/[.+^${}()|[\]\\]/g, "\\$&").replace(/\*/g, "[\\s\\S]*");
  return new RegExp(`^${source.replace(/\?/g, "[\\s\\S]")}$`);
}
