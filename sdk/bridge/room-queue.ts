import { LANES, type Lane } from "./outbox.ts";

/** Requests whose arrays have no room yet: a user's before those in the background. */
export class RoomQueue {
  readonly #waiting: Readonly<Record<Lane, Set<number>>> = {
    immediate: new Set(),
    user: new Set(),
    background: new Set(),
  };

  /** Whether a new request may look for room: no other one waits that comes before it. */
  mayTakeRoom(lane: Lane): boolean {
    const { immediate, user, background } = this.#waiting;
    return immediate.size + user.size === 0 && (lane !== "background" || background.size === 0);
  }

  sizeOf(lane: Lane): number {
    return this.#waiting[lane].size;
  }

  has(id: number, lane: Lane): boolean {
    return this.#waiting[lane].has(id);
  }

  add(id: number, lane: Lane): void {
    this.#waiting[lane].add(id);
  }

  remove(id: number, lane: Lane): void {
    this.#waiting[lane].delete(id);
  }

  /** In the order of their turn; one may be removed meanwhile. */
  *inOrder(): Generator<readonly [id: number, lane: Lane]> {
    for (const lane of LANES) for (const id of this.#waiting[lane]) yield [id, lane];
  }
}
