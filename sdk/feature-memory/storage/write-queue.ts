/** Rows that one caller wants stored together. */
export interface StoreRequest<Row> {
  readonly rows: readonly Row[];
  readonly resolve: () => void;
  /** Refuses this request alone; the others of its commit go on. */
  readonly reject: (error: unknown) => void;
}

interface WorkRequest {
  readonly work: () => Promise<void>;
}

/**
 * Writes in the order in which they were asked for, one at a time. Stores that arrive while a
 * commit is under way are gathered into the next one, so that many callers share its fsync.
 */
export class WriteQueue<Row> {
  readonly #commit: (requests: readonly StoreRequest<Row>[]) => Promise<void>;
  readonly #afterWrite: () => Promise<void>;
  readonly #maxRows: number;
  readonly #waiting: (StoreRequest<Row> | WorkRequest)[] = [];
  #draining: Promise<void> | undefined;

  /**
   * @param commit stores the rows of all requests; when it rejects, each of them does
   * @param afterWrite runs before the next write, after the promises of this one are settled
   * @param maxRows of one commit; a single request may have more
   */
  constructor(
    commit: (requests: readonly StoreRequest<Row>[]) => Promise<void>,
    afterWrite: () => Promise<void>,
    maxRows: number,
  ) {
    this.#commit = commit;
    this.#afterWrite = afterWrite;
    this.#maxRows = maxRows;
  }

  /** Resolves when the rows are on disk. */
  store(rows: readonly Row[]): Promise<void> {
    return new Promise((resolve, reject) => this.#add({ rows, resolve, reject }));
  }

  /** Runs other work in its turn. */
  run<Result>(work: () => Promise<Result>): Promise<Result> {
    return new Promise((resolve, reject) =>
      this.#add({ work: () => work().then(resolve, reject) }),
    );
  }

  /** Resolves when nothing is waiting any more. */
  async idle(): Promise<void> {
    while (this.#draining) await this.#draining;
  }

  #add(request: StoreRequest<Row> | WorkRequest): void {
    this.#waiting.push(request);
    this.#draining ??= this.#drain();
  }

  async #drain(): Promise<void> {
    // A turn of the loop first: stores that are asked for in a row go into one commit.
    await Promise.resolve();
    try {
      for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
        if ("work" in next) {
          this.#waiting.shift();
          await next.work();
        } else {
          await this.#commitGroup(this.#takeGroup());
        }
        await this.#afterWrite();
      }
    } finally {
      // In the same turn as the last look: a request that came a turn later would wait for ever.
      this.#draining = undefined;
    }
  }

  #takeGroup(): StoreRequest<Row>[] {
    const group: StoreRequest<Row>[] = [];
    let rows = 0;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      if ("work" in next) break;
      if (group.length > 0 && rows + next.rows.length > this.#maxRows) break;
      this.#waiting.shift();
      group.push(next);
      rows += next.rows.length;
    }
    return group;
  }

  async #commitGroup(group: readonly StoreRequest<Row>[]): Promise<void> {
    try {
      await this.#commit(group);
      for (const { resolve } of group) resolve();
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
