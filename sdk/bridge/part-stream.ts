import { withCallSite } from "./call-site.ts";
import type { PartQueue } from "./part-queue.ts";

/** Streams that nobody can take any more: a loop by hand that was left without `return()`. */
const forgotten = new FinalizationRegistry<AbortController>((left) => left.abort());

/**
 * The parts of a call, which the first `next()` makes, and then its answer.
 *
 * @param ask makes the call
 * @param left gives it up
 */
export function streamParts<Part, Result>(
  ask: () => Promise<unknown>,
  parts: PartQueue<Part>,
  left: AbortController,
): AsyncGenerator<Part, Result, void> {
  const stream = takeParts<Part, Result>(ask, parts, left);
  forgotten.register(stream, left);
  return stream;
}

async function* takeParts<Part, Result>(
  ask: () => Promise<unknown>,
  parts: PartQueue<Part>,
  left: AbortController,
): AsyncGenerator<Part, Result, void> {
  try {
    const answer = ask();
    parts.endWith(answer);
    yield* parts.take();
    return (await answer) as Result; // the protocol's tests hold Python to it
  } catch (error) {
    throw withCallSite(error);
  } finally {
    left.abort();
  }
}

/** Work that is done once, and afterwards keeps nothing that it was made of: a caller's arrays. */
export function once<Result>(work: () => Result): () => Result {
  let rest: (() => Result) | undefined = work;
  return () => {
    const now = rest;
    rest = undefined;
    if (now === undefined) throw new Error("unreachable: asked twice");
    return now();
  };
}
