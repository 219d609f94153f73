import { createInterface } from "node:readline/promises";
import type { Readable, Writable } from "node:stream";
import type { StudyEstimate } from "../../compare/study/estimate.ts";

/** Where a person could be asked. */
export interface Terminal {
  readonly input: Readable;
  readonly output: Writable;
  /** Whether a person sits there. */
  readonly canAsk: boolean;
  /** Whether they have said beforehand that it may take its time. */
  readonly yes: boolean;
  readonly signal: AbortSignal;
}

/** What takes no longer is nobody's question. */
const LONG_SECONDS = 120;

/**
 * Says how long a study will take where that is long, and asks whether it should.
 *
 * @returns false: no, or the terminal was left. Where nobody can be asked it goes on, and says so
 */
export async function askToGoOn(estimate: StudyEstimate, terminal: Terminal): Promise<boolean> {
  if (estimate.seconds <= LONG_SECONDS) return true;
  const { input, output, canAsk, yes, signal } = terminal;
  const text = describeEstimate(estimate);
  if (yes || !canAsk) {
    const why = yes ? "" : " No terminal to ask on: it goes on, and Ctrl-C loses nothing.";
    output.write(`${text}${why}\n`);
    return true;
  }
  const reader = createInterface({ input, output });
  // On a terminal the reader takes Ctrl-C and Ctrl-D for itself, and its question would wait for ever.
  const left = new AbortController();
  reader.once("SIGINT", () => left.abort()).once("close", () => left.abort());
  try {
    const answer = await reader.question(`${text} Go on? [Y/n] `, {
      signal: AbortSignal.any([signal, left.signal]),
    });
    return !/^\s*n/i.test(answer);
  } catch (error) {
    if (left.signal.aborted) return false;
    throw error;
  } finally {
    reader.close();
  }
}

/** `about 14 min: 120 chunks of clips are left to hear, 11 min of it by gama; then cost, 2 min; tasks and statistics come beside them.` */
export function describeEstimate({ seconds, chunks, arms, cost }: StudyEstimate): string {
  const [slowest] = Object.entries(arms).sort(([, a], [, b]) => b - a);
  const most = slowest === undefined ? "" : `, ${inWords(slowest[1])} of it by ${slowest[0]}`;
  const timed = cost === 0 ? "" : `; then cost, ${cost === null ? UNKNOWN : inWords(cost)}`;
  return `about ${inWords(seconds)}: ${chunks} chunks of clips are left to hear${most}${timed}; tasks and statistics come beside them.`;
}

/** The disk had what the first chunk would have told. */
const UNKNOWN = "which nothing is known of yet";

function inWords(seconds: number): string {
  if (seconds < 60) return `${Math.ceil(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 120) return `${minutes} min`;
  return `${(minutes / 60).toFixed(1)} h`;
}
