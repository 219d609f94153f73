/** The comms that are open, and their messages on the way through the worker. */

import type { Outbox } from "./outbox.ts";
import type { CommEvent, ToMain } from "./thread-messages.ts";
import type { Header, JsonObject, WireMessage } from "./wire-message.ts";

const KINDS = { comm_open: "open", comm_msg: "msg", comm_close: "close" } as const;

/** How many handled messages may still have late output of their own. */
const KEPT_PARENTS = 1000;

/** What the registry needs from the rest of the kernel. */
export interface CommContext {
  readonly outbox: Outbox;
  readonly post: (message: ToMain) => void;
  /** A number for the run of a message's handlers, whose output belongs to this parent. */
  open(parent: Header): number;
  /** Forgets the parent of a run. */
  forget(cell: number): void;
  parentOf(cell: number): Header | JsonObject;
  /** The handlers of a message have run. */
  handled(parent: Header): void;
}

export class CommRegistry {
  readonly #context: CommContext;
  /** Comm id → target. */
  readonly #open = new Map<string, string>();
  readonly #handling = new Map<number, Header>();
  readonly #handled: number[] = [];

  constructor(context: CommContext) {
    this.#context = context;
  }

  /** Whether this type of request is a comm message. */
  static isCommType(type: string): type is keyof typeof KINDS {
    return Object.hasOwn(KINDS, type);
  }

  /** Hands a message of the front end to the main thread. */
  receive(type: keyof typeof KINDS, { header, content, metadata, buffers }: WireMessage): void {
    const kind = KINDS[type];
    const commId = String(content["comm_id"] ?? "");
    const target = String(content["target_name"] ?? this.#open.get(commId) ?? "");
    const cell = this.#context.open(header);
    this.#handling.set(cell, header);
    this.#note(kind, commId, target);
    const data = objectOf(content["data"]);
    const copies = buffers.map((it) => new Uint8Array(it));
    this.#context.post({
      type: "comm",
      cell,
      kind,
      commId,
      target,
      data,
      metadata,
      buffers: copies,
    });
  }

  /** Broadcasts a message of the kernel's side. */
  send({ cell, kind, commId, target, data, metadata, buffers }: CommEvent): void {
    this.#note(kind, commId, target);
    const named = kind === "open" ? { comm_id: commId, target_name: target } : { comm_id: commId };
    const parent = this.#context.parentOf(cell);
    const extras = { metadata, buffers: buffers.map((it) => Buffer.from(it)) };
    this.#context.outbox.publish(parent, `comm_${kind}`, { ...named, data }, extras);
  }

  /** The handlers of a message have run. */
  handled(cell: number): void {
    const header = this.#handling.get(cell);
    if (header === undefined) return;
    this.#handling.delete(cell);
    this.#context.handled(header);
    this.#handled.push(cell);
    if (this.#handled.length > KEPT_PARENTS) this.#context.forget(this.#handled.shift() ?? 0);
  }

  /** Content of `comm_info_reply`. */
  info({ target_name: wanted }: JsonObject): JsonObject {
    const open = [...this.#open].filter(([, name]) => !wanted || name === wanted);
    const comms = Object.fromEntries(open.map(([id, name]) => [id, { target_name: name }]));
    return { status: "ok", comms };
  }

  #note(kind: CommEvent["kind"], commId: string, target: string): void {
    if (kind === "open") this.#open.set(commId, target);
    else if (kind === "close") this.#open.delete(commId);
  }
}

function objectOf(value: unknown): JsonObject {
  return typeof value === "object" && value !== null ? { ...value } : {};
}
