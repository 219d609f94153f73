import { InvalidArgumentError } from "../errors.ts";
import type { Slot } from "./arena.ts";
import type { Priority } from "./call-options.ts";
import { ModelRecord } from "./model-record.ts";
import type { DataPlane } from "./plane.ts";
import { MAX_LINE_BYTES } from "./protocol.gen.ts";
import { encodeTensors } from "./tensors.ts";

/** A request as it is sent, until it is answered; a new process is sent the same line. */
export interface Request {
  readonly line: string;
  /** Where its tensors lie in the input arena. */
  readonly slots: readonly Slot[];
  /** Of a request that changes which models are loaded. */
  readonly data: object | undefined;
  readonly priority: Priority;
  /** Asked by the bridge itself: a model that is loaded again. */
  readonly isOwn: boolean;
  /** The running process has it. */
  isSent: boolean;
  /** Processes that died while they worked on it. */
  attempts: number;
  /** Runs from the moment that the caller gave up. */
  grace?: NodeJS.Timeout;
}

/**
 * Copies what is asked: later changes to the caller's arrays have no effect.
 *
 * @throws InvalidArgumentError the data cannot be sent as it is
 */
export function makeRequest(
  id: number,
  operation: string,
  data: object,
  plane: DataPlane,
  { priority, isOwn }: Pick<Request, "priority" | "isOwn">,
): Request {
  const slots: Slot[] = [];
  try {
    const encoded = encodeTensors(data, (bytes) => plane.place(bytes, slots));
    const urgency = priority === "user" ? {} : { priority };
    const line = JSON.stringify({ id, operation, data: encoded, ...urgency });
    if (Buffer.byteLength(line) > MAX_LINE_BYTES) {
      throw new InvalidArgumentError("data", "at most 64 MiB of JSON (use typed arrays)", data);
    }
    const kept = ModelRecord.concerns(operation) ? data : undefined;
    return { line, slots, data: kept, priority, isOwn, isSent: false, attempts: 0 };
  } catch (error) {
    plane.free(slots);
    throw error;
  }
}
