/** The operations of the protocol as a caller sees them: arrays where the wire has references. */
import type { Operations } from "./protocol.gen.ts";
import type { Received, WithTensors } from "./tensors.ts";

/** The operations that a caller may ask for; the others are the bridge's own, and a host's. */
export type OperationName = Exclude<
  keyof Operations,
  "shutdown" | "release" | "upload" | "credit" | "cancel" | "attach_client" | "detach_client"
>;
/** What an operation takes; wherever the wire has a tensor, a `TensorValue`. */
export type OperationData<Name extends OperationName> = WithTensors<Operations[Name]["data"]>;
/** What an operation answers; tensors arrive as typed arrays with their shape. */
export type OperationResult<Name extends OperationName> = Received<Operations[Name]["result"]>;

/** Operations whose answer may come in parts. */
export type StreamedName = {
  [Name in OperationName]: Operations[Name] extends { part: unknown } ? Name : never;
}[OperationName];
/** A part of the answer of such an operation. */
export type OperationPart<Name extends StreamedName> = Received<Operations[Name]["part"]>;
