/**
 * Lines on their way through a host. Requests of all clients share the one process: the number of the
 * client stands in the upper half of an id. Only the head of a line is read, since lines have megabytes.
 */

const HEAD_BYTES = 160;
/** Ids of a client lie below. */
const IDS = 2 ** 32;
const NEWLINE = Buffer.from("\n");
const CLOSING_BRACE = 0x7d;
const REQUEST =
  /^\{(?:"id":(\d{1,10}),)?"operation":"([a-z_]+)"(?:(,"data":\{"id":)(\d{1,10})(?=[,}]))?/;
const ANSWER = /^\{("event":"[a-z]+",)?"id":(\d{1,16}),/;
/** Their data names another request of the same client. */
const ABOUT_REQUESTS = ["cancel", "credit", "upload"];

/** The id of a client's request, as the process knows it. */
export function globalId(client: number, id: number): number {
  return client * IDS + id;
}

/** Whose request it is, and its own id of it. */
export function splitId(id: number): { readonly client: number; readonly id: number } {
  return { client: Math.floor(id / IDS), id: id % IDS };
}

/**
 * A client's line, as the process gets it, newline included.
 *
 * @returns undefined: it does not begin as the SDK's requests do, so nobody could be answered
 */
export function toProcess(line: Buffer, client: number): Buffer | undefined {
  const head = line.toString("latin1", 0, HEAD_BYTES);
  const match = REQUEST.exec(head);
  if (match === null) return undefined;
  const [whole, id, operation = "", about, named] = match;
  if (Number(id ?? 0) >= IDS || Number(named ?? 0) >= IDS || line.at(-1) !== CLOSING_BRACE) {
    return undefined;
  }
  const own = id === undefined ? "" : `"id":${globalId(client, Number(id))},`;
  let start = `{${own}"operation":"${operation}"`;
  let length = whole.length;
  if (ABOUT_REQUESTS.includes(operation)) {
    if (named === undefined) return undefined;
    start += `${about}${globalId(client, Number(named))}`;
  } else if (about !== undefined && named !== undefined) {
    length -= about.length + named.length;
  }
  // Last: of two `client` the decoder takes the one that comes later. Ids that lie are Python's to refuse.
  const end = Buffer.from(`,"client":${client}}\n`);
  return Buffer.concat([Buffer.from(start), line.subarray(length, -1), end]);
}

/** A line of the process that belongs to one request. */
export interface Routed {
  readonly client: number;
  /** The client's own id. */
  readonly id: number;
  /** As the client gets it, newline included. */
  readonly line: Buffer;
  readonly isProgress: boolean;
}

/** @returns undefined: it names no request */
export function fromProcess(line: Buffer): Routed | undefined {
  const match = ANSWER.exec(line.toString("latin1", 0, HEAD_BYTES));
  if (match === null) return undefined;
  const [whole, event = "", named] = match;
  const { client, id } = splitId(Number(named));
  const start = Buffer.from(`{${event}"id":${id},`);
  return {
    client,
    id,
    line: Buffer.concat([start, line.subarray(whole.length), NEWLINE]),
    isProgress: event.startsWith('"event":"progress"'),
  };
}
