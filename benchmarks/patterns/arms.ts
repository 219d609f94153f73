/** The stores that are compared: ours, and LanceDB without our rules. */
import { connect, type Table } from "@lancedb/lancedb";
import { type AudioPattern, PatternStorage } from "grym-synth/patterns";
import { type Arm, LIMIT } from "./scan.ts";

type Model = ConstructorParameters<typeof PatternStorage>[0]["model"];

/** What stands beside each vector, alike in both stores. */
function metadataOf(id: string): AudioPattern["metadata"] & { labels: Record<string, string> } {
  const now = new Date();
  return {
    timestamp: now,
    source: `source ${id}`,
    confidence: 1,
    frequency: 1,
    lastAccessed: now,
    audioProperties: { duration: 3, sampleRate: 16_000, channels: 1 },
    labels: { class: id.slice(-1) },
  };
}

function rowOf(vectors: Float32Array, row: number, dimension: number): Float32Array {
  return vectors.subarray(row * dimension, (row + 1) * dimension);
}

/** `grym-synth/patterns`: replaces by id, on disk when the promise resolves, whole patterns back. */
export function makeOurs(folder: string, model: Model): Arm {
  const storage = new PatternStorage({ folder, model });
  return {
    async store(ids, vectors) {
      const patterns = ids.map((id, row): AudioPattern => {
        const { labels, ...metadata } = metadataOf(id);
        return { id, features: rowOf(vectors, row, model.dimension), model, labels, metadata };
      });
      if (patterns.length === 1 && patterns[0]) await storage.store(patterns[0]);
      else await storage.storeMany(patterns);
    },
    search: async (query) => (await storage.findSimilar(query, LIMIT)).map(({ id }) => id),
    idle: () => storage.idle(),
    [Symbol.asyncDispose]: () => storage.close(),
  };
}

/** LanceDB as its quick start has it: inferred schema, `add`, no fsync, its own search. */
export async function makeDirect(folder: string, model: Model): Promise<Arm> {
  const database = await connect(folder);
  const names = await database.tableNames();
  let table: Table | undefined = names.includes("direct")
    ? await database.openTable("direct")
    : undefined;
  return {
    async store(ids, vectors) {
      const rows = ids.map((id, row) => {
        const { audioProperties, labels, timestamp, lastAccessed, ...rest } = metadataOf(id);
        const vector = Array.from(rowOf(vectors, row, model.dimension));
        const times = { timestamp: Number(timestamp), lastAccessed: Number(lastAccessed) };
        return { id, vector, ...rest, ...audioProperties, ...times, label: labels["class"] ?? "" };
      });
      if (table === undefined) table = await database.createTable("direct", rows);
      else await table.add(rows);
    },
    async search(query) {
      if (table === undefined) throw new Error("nothing is stored");
      const search = table.vectorSearch(query).distanceType("cosine").limit(LIMIT);
      return (await search.toArray()).map(({ id }: { id: string }) => id);
    },
    idle: async () => {},
    [Symbol.asyncDispose]: async () => table?.close(),
  };
}
