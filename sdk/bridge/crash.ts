/** What a crash means for the requests that the dead process had. */
import { type ProcessEnd, ProcessExitError } from "../errors.ts";
import type { ModelRecord } from "./model-record.ts";
import type { PendingCall } from "./pending.ts";
import { OPERATIONS } from "./protocol.gen.ts";

/** A call that Python has not answered. */
export type Waiting = readonly [id: number, call: PendingCall];

export interface Crash {
  readonly end: ProcessEnd;
  /** The request that was worked on: an id, 0 for none, undefined where nothing is known. */
  readonly running: number | undefined;
  readonly wasReady: boolean;
}

/**
 * Blames the request that was worked on, and finds those that are not asked again.
 *
 * @returns what these are rejected with; undefined where nobody waits
 */
export function judgeCrash(
  waiting: readonly Waiting[],
  crash: Crash,
  models: ModelRecord,
  maxAttempts: number,
): Map<number, ProcessExitError | undefined> {
  const sent = waiting.filter(([, { attachment }]) => attachment.isSent);
  const blamed = findBlamed(sent, crash);
  const ended = new Map<number, ProcessExitError | undefined>();
  for (const [id, { operation, attachment, isWaiting }] of sent) {
    attachment.isSent = false;
    if (id === blamed) attachment.attempts += 1;
    const { attempts, data, facts } = attachment;
    const end = (why: string, times = attempts): void => {
      ended.set(id, new ProcessExitError(operation, crash.end, times, why));
    };
    if (!isWaiting) ended.set(id, undefined);
    else if (facts.isOwn)
      end("the next process is asked anew", models.noteAttempts(data, attempts));
    else if (attempts >= maxAttempts) end(`${attempts} processes died of it: it is not repeated`);
    else if (!OPERATIONS.get(operation)?.repeatable) {
      // What the protocol does not know belongs to the process that knows it.
      if (data) models.note(operation, data, {});
      end("it belongs to that process");
    }
  }
  return ended;
}

/**
 * The request that was worked on. Where the mark says none, the reader has died, or somebody has killed
 * the process: what was not begun has no part in that, and what a reader dies of again and again ends
 * with the policy's limit of crashes.
 */
function findBlamed(sent: readonly Waiting[], { running, wasReady }: Crash): number | undefined {
  if (running !== undefined) return running;
  if (!wasReady) return undefined;
  // Without a mark: the first thing that it was asked, which are the models that it loads again.
  const first = sent.find(([, { attachment }]) => attachment.facts.isOwn) ?? sent[0];
  return first?.[0];
}

/** Processes die again and again: nothing is asked for a while. */
export function tooOften(operation: string, end: ProcessEnd, attempts: number): ProcessExitError {
  const why = "processes die too often: none is started for up to a minute";
  return new ProcessExitError(operation, end, attempts, why);
}

/** One line for the notebook. */
export function describeCrash(
  { exitCode, signal }: ProcessEnd,
  models: ModelRecord,
  repeated: number,
  waitMs: number,
): string {
  const how = signal === null ? `ended with code ${exitCode}` : `died of ${signal}`;
  const when = waitMs > 0 ? ` in ${waitMs / 1000} s` : "";
  const names = models.loads.map(({ model }) => model).join(", ");
  const loads = names === "" ? "" : `, loads ${names} again`;
  return `The Python process ${how}. A new one starts${when}${loads}; ${repeated} call(s) are repeated.`;
}
