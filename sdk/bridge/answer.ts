import { operationError, WireError } from "../errors.ts";
import { decodeTensors, findGenerations } from "./decode-tensors.ts";
import type { PendingCall } from "./pending.ts";
import type { DataPlane } from "./plane.ts";
import type { Message } from "./protocol.gen.ts";
import { OutMemory } from "./result-memory.ts";

/** A line that answers a request. */
export type Answer = Extract<Message, { id: unknown; result: unknown } | { error: unknown }>;
/** A line with a part of an answer. */
export type PartMessage = Extract<Message, { event: "part" }>;

/**
 * Settles a call with its answer.
 *
 * @param call undefined: nobody asked, or it was answered before
 * @returns generations of the output arena's slots that the answer names: Python may reuse them
 */
export function settleAnswer(
  call: PendingCall | undefined,
  message: Answer,
  plane: DataPlane,
): number[] {
  const generations = "result" in message ? findGenerations(message.result) : [];
  if (!call?.isWaiting) return generations;
  try {
    if ("error" in message && message.error) {
      call.reject(operationError(call.operation, message.error));
    } else if ("result" in message) {
      call.resolve(receive(message.result, call, plane));
    } else {
      throw new WireError("An answer has neither result nor error");
    }
  } catch (error) {
    call.reject(error);
  }
  return generations;
}

function receive(value: unknown, { memory }: PendingCall, plane: DataPlane): unknown {
  const result = decodeTensors(value, (tensor, target) => plane.read(tensor, target), memory);
  if (memory instanceof OutMemory) memory.finish();
  return result;
}

/**
 * Hands a part of an answer on.
 *
 * @param grant lets Python send one more
 * @returns generations of the output arena's slots that the part names: Python may reuse them
 */
export function receivePart(
  call: PendingCall | undefined,
  { data: { sequence, value } }: PartMessage,
  plane: DataPlane,
  grant: () => void,
): number[] {
  const generations = findGenerations(value);
  if (!call?.isWaiting || call.onPart === undefined) return generations;
  const { attachment } = call;
  try {
    if (sequence !== attachment.parts) throw new WireError("A part of an answer is missing");
    const part = decodeTensors(value, (tensor, target) => plane.read(tensor, target));
    attachment.notePart(findIndices(part));
    call.onPart(part, () => {
      attachment.notePartTaken();
      grant();
    });
  } catch (error) {
    call.reject(error);
  }
  return generations;
}

/** What a part brings; a process that follows does not make it again. */
function findIndices(part: unknown): readonly number[] {
  const indices =
    typeof part === "object" && part !== null ? Reflect.get(part, "indices") : undefined;
  if (Array.isArray(indices) && indices.every(Number.isSafeInteger)) return indices;
  throw new WireError("A part of an answer does not say what it brings");
}
