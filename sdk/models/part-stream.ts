import { withWholeLimit } from "../bridge/call-options.ts";

/**
 * A stream of the wire in the words of the SDK.
 *
 * @param ask makes the stream, and takes from its time limit what loading the model takes
 */
export async function* takeParts<WirePart, WireResult, Part, Result>(
  ask: () => Promise<AsyncGenerator<WirePart, WireResult, void>>,
  timeoutMs: number | undefined,
  toPart: (part: WirePart) => Part,
  toResult: (result: WireResult) => Result,
): AsyncGenerator<Part, Result, void> {
  try {
    const stream = await ask();
    try {
      let next = await stream.next();
      for (; !next.done; next = await stream.next()) yield toPart(next.value);
      return toResult(next.value);
    } finally {
      await stream.return(undefined as never); // a loop that was left cancels the call
    }
  } catch (error) {
    throw withWholeLimit(error, timeoutMs);
  }
}
