import { operationError, WireError } from "../errors.ts";
import type { PendingCall } from "./pending.ts";
import type { DataPlane } from "./plane.ts";
import type { Message } from "./protocol.gen.ts";
import type { Request } from "./request.ts";
import { decodeTensors } from "./tensors.ts";

/** A line that answers a request. */
export type Answer = Extract<Message, { id: unknown }>;

/**
 * Settles a call with its answer.
 *
 * @param call undefined: nobody asked, or it was answered before
 * @returns generations of the output arena's slots that the answer names: Python may reuse them
 */
export function settleAnswer(
  call: PendingCall<Request> | undefined,
  message: Answer,
  plane: DataPlane,
): number[] {
  const generations: number[] = [];
  const note = (generation: number | undefined): void => {
    if (generation !== undefined) generations.push(generation);
  };
  try {
    if (call === undefined || !call.isWaiting) {
      // Nobody waits, but the slots that the answer names must still be given back.
      if ("result" in message) decodeTensors(message.result, (tensor) => note(tensor.generation));
    } else if ("error" in message && message.error) {
      call.reject(operationError(call.operation, message.error));
    } else if ("result" in message) {
      const result = decodeTensors(message.result, (tensor, target) => {
        if (typeof tensor.base64 !== "string") note(tensor.generation);
        plane.read(tensor, target);
      });
      call.resolve(result);
    } else {
      throw new WireError("An answer has neither result nor error");
    }
  } catch (error) {
    call?.reject(error);
  }
  return generations;
}
