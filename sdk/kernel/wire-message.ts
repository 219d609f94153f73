/** Jupyter messages to frames and back, with their signature (protocol 5.4, "The wire protocol"). */

import { createHmac, randomUUID, timingSafeEqual } from "node:crypto";

const DELIMITER = "<IDS|MSG>";
const PROTOCOL_VERSION = "5.4";

/** Header of a message; `parent_header` is the header of the request that caused it. */
export interface Header {
  readonly msg_id: string;
  readonly msg_type: string;
  readonly session: string;
  readonly username: string;
  readonly date: string;
  readonly version: string;
}

/** A JSON object. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** A message as received. */
export interface WireMessage {
  /** Routing prefix: peer identities, or the topic on IOPub. */
  readonly identities: readonly Buffer[];
  readonly header: Header;
  readonly parentHeader: Header | JsonObject;
  readonly metadata: JsonObject;
  readonly content: JsonObject;
  readonly buffers: readonly Buffer[];
}

/** A message to send; `content` may be JSON text that was serialised elsewhere. */
export interface OutgoingMessage extends Omit<WireMessage, "content" | "metadata" | "buffers"> {
  readonly content: JsonObject | string;
  readonly metadata?: JsonObject;
  readonly buffers?: readonly Buffer[];
}

/** The frames are no message that this kernel may act on. */
export class WireMessageError extends Error {
  override readonly name = "WireMessageError";
}

/** A fresh header of a message type in a session. */
export function newHeader(messageType: string, session: string): Header {
  return {
    msg_id: randomUUID(),
    msg_type: messageType,
    session,
    username: "kernel",
    date: new Date().toISOString(),
    version: PROTOCOL_VERSION,
  };
}

/** HMAC-SHA256 in hex over header, parent header, metadata and content; empty for an empty key. */
export function sign(key: string, parts: readonly (Buffer | string)[]): string {
  if (key === "") return "";
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

/** Frames of a message, signed with `key`. */
export function encodeMessage(message: OutgoingMessage, key: string): (Buffer | string)[] {
  const { content } = message;
  const parts = [
    JSON.stringify(message.header),
    JSON.stringify(message.parentHeader),
    JSON.stringify(message.metadata ?? {}),
    typeof content === "string" ? content : JSON.stringify(content),
  ];
  const buffers = message.buffers ?? [];
  return [...message.identities, DELIMITER, sign(key, parts), ...parts, ...buffers];
}

/**
 * Message of the frames.
 *
 * @throws WireMessageError when the delimiter is missing, a part is missing or not a JSON object,
 *   or the signature is not that of `key`.
 */
export function decodeMessage(frames: readonly Buffer[], key: string): WireMessage {
  const at = frames.findIndex((frame) => frame.toString("latin1") === DELIMITER);
  if (at < 0) throw new WireMessageError("a message without delimiter");
  const [signature, ...parts] = frames.slice(at + 1, at + 6);
  const [header, parentHeader, metadata, content] = parts;
  if (!signature || !header || !parentHeader || !metadata || !content) {
    throw new WireMessageError("a message with fewer than five parts");
  }
  const expected = Buffer.from(sign(key, parts));
  if (expected.length !== signature.length || !timingSafeEqual(expected, signature)) {
    throw new WireMessageError("a message whose signature is wrong");
  }
  return {
    identities: frames.slice(0, at),
    header: readHeader(header),
    parentHeader: readObject(parentHeader),
    metadata: readObject(metadata),
    content: readObject(content),
    buffers: frames.slice(at + 6),
  };
}

function readObject(part: Buffer): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(part.toString("utf8"));
  } catch (error) {
    throw new WireMessageError("a message part that is not JSON", { cause: error });
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return Object.fromEntries(Object.entries(value));
  }
  throw new WireMessageError("a message part that is not an object");
}

function readHeader(part: Buffer): Header {
  const header = readObject(part);
  const field = (name: keyof Header): string => String(header[name] ?? "");
  if (field("msg_type") === "") throw new WireMessageError("a header without msg_type");
  return {
    ...header,
    msg_id: field("msg_id"),
    msg_type: field("msg_type"),
    session: field("session"),
    username: field("username"),
    date: field("date"),
    version: field("version"),
  };
}
