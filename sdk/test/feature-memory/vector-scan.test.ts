import { describe, expect, it } from "vitest";
import { VectorScan } from "../../feature-memory/storage/vector-scan.ts";
import type { VectorRows, VectorSource } from "../../feature-memory/storage/vector-source.ts";
import { seededNumbers } from "./make-pattern.ts";

const WIDTH = 8;
const ROWS = 40;
const ALL = { limit: 1_000, minSimilarity: -1 };

/** A table in memory whose reading of changed rows, or of all, can be held up. */
class HeldTable implements VectorSource {
  readonly stamps = new Map<string, number>();
  now = 1;
  #gate: Promise<void> | undefined;
  #waiting = Promise.withResolvers<void>();

  constructor(rows: number) {
    for (let at = 0; at < rows; at += 1) this.stamps.set(`p${at}`, 1);
  }

  /** Holds the next reading of vectors: `reached` when it waits, `open` lets it go on. */
  hold(): { reached: Promise<void>; open: () => void } {
    const gate = Promise.withResolvers<void>();
    this.#gate = gate.promise;
    this.#waiting = Promise.withResolvers<void>();
    return { reached: this.#waiting.promise, open: gate.resolve };
  }

  write(id: string): VectorRows {
    this.now += 1;
    this.stamps.set(id, this.now);
    return this.#rows([id]);
  }

  async version(): Promise<number> {
    return this.now;
  }

  async readStamps(): Promise<Omit<VectorRows, "features">> {
    const { ids, stamps, places } = this.#rows([...this.stamps.keys()]);
    return { ids, stamps, places };
  }

  async readVectors(ids: readonly string[] = [...this.stamps.keys()]): Promise<VectorRows> {
    const rows = this.#rows(ids);
    const gate = this.#gate;
    this.#gate = undefined;
    if (gate) this.#waiting.resolve();
    await gate;
    return rows;
  }

  #rows(ids: readonly string[]): VectorRows {
    const features = new Float32Array(ids.length * WIDTH);
    for (const [row, id] of ids.entries()) features.set(vectorOf(id), row * WIDTH);
    const stamps = Float64Array.from(ids, (id) => this.stamps.get(id) ?? 0);
    return { ids, stamps, places: new BigUint64Array(ids.length), features };
  }
}

function vectorOf(id: string): Float32Array {
  return seededNumbers(id, WIDTH);
}

describe("VectorScan", () => {
  it.each([
    ["of the changed rows", true],
    ["of all rows", false],
  ])(
    "that is cleared during a load %s does not take what is left for the table",
    async (_, isLoaded) => {
      const table = new HeldTable(ROWS);
      const scan = new VectorScan(table, WIDTH);
      if (isLoaded) await scan.refresh();
      table.write("new");
      const { reached, open } = table.hold();
      const refreshed = scan.refresh();
      await reached;
      scan.clear();
      open();
      expect(await refreshed).toBe(false);
      expect(scan.size).toBe(0);
      expect(await scan.refresh()).toBe(true);
      expect(scan.search(vectorOf("p3"), ALL)).toHaveLength(ROWS + 1);
    },
  );

  it("keeps an own row that was committed while the rows of others were read", async () => {
    const table = new HeldTable(ROWS);
    const scan = new VectorScan(table, WIDTH);
    await scan.refresh();
    const first = table.write("own 1");
    const { reached, open } = table.hold();
    const refreshed = scan.refresh();
    await reached;
    scan.apply(table.now, { put: first });
    scan.apply(table.now + 1, { put: table.write("own 2") });
    open();
    expect(await refreshed).toBe(true);
    // Without another look at the table: a search may come before there is one.
    expect(scan.search(vectorOf("own 2"), { limit: 1, minSimilarity: 0.99 })).toMatchObject([
      { id: "own 2" },
    ]);
    expect(scan.size).toBe(ROWS + 2);
  });

  it("finds nothing, rather than a part, when it is cleared while a filter is read", async () => {
    const table = new HeldTable(ROWS);
    const scan = new VectorScan(table, WIDTH);
    await scan.refresh();
    const readIds = async (): Promise<string[]> => {
      scan.clear();
      return ["p1", "p2"];
    };
    expect(await scan.searchAmong(vectorOf("p1"), ALL, "filter", readIds)).toBeUndefined();
  });

  it("finds nothing, rather than a part, when it is cleared between a load and its search", async () => {
    const scan = new VectorScan(new HeldTable(ROWS), WIDTH);
    const readIds = async (): Promise<string[]> => ["p1"];
    for (const filter of [undefined, "filter"]) {
      expect(await scan.refresh()).toBe(true);
      scan.clear();
      expect(await scan.searchAmong(vectorOf("p1"), ALL, filter, readIds)).toBeUndefined();
    }
  });

  it("is as quick for all rows as for a few, with equal ones in the order of the rows", async () => {
    const table = new HeldTable(20_000);
    const scan = new VectorScan(table, WIDTH);
    await scan.refresh();
    const query = vectorOf("query");
    const start = performance.now();
    const hits = scan.search(query, { limit: 20_000, minSimilarity: -1 });
    expect(performance.now() - start).toBeLessThan(400);
    expect(hits).toHaveLength(20_000);
    expect(hits.every(({ similarity }, at) => similarity <= (hits[at - 1]?.similarity ?? 1))).toBe(
      true,
    );
    expect(scan.search(query, { limit: 300, minSimilarity: -1 })).toEqual(hits.slice(0, 300));
    expect(scan.search(query, { limit: 9, minSimilarity: -1 })).toEqual(hits.slice(0, 9));
    const alike: VectorSource = {
      version: async () => 1,
      readStamps: () => table.readStamps(),
      readVectors: async () => ({
        ...(await table.readVectors()),
        features: new Float32Array(20_000 * WIDTH).fill(1),
      }),
    };
    const ties = new VectorScan(alike, WIDTH);
    await ties.refresh();
    const ids = [...table.stamps.keys()];
    for (const limit of [3, 2_000]) {
      const found = ties.search(new Float32Array(WIDTH).fill(2), { limit, minSimilarity: -1 });
      expect(found.map(({ id }) => id)).toEqual(ids.slice(0, limit));
    }
  });
});
