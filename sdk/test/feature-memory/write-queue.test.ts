import { describe, expect, it } from "vitest";
import { type StoreRequest, WriteQueue } from "../../feature-memory/storage/write-queue.ts";

/** A queue that writes into an array of commits. */
function makeQueue(maxRows = 10): { queue: WriteQueue<string>; commits: string[][] } {
  const commits: string[][] = [];
  const commit = async (requests: readonly StoreRequest<string>[]): Promise<void> => {
    const rows = requests.flatMap((request) => request.rows);
    await Promise.resolve();
    if (rows.includes("bad")) throw new Error("bad");
    commits.push(rows);
  };
  return { queue: new WriteQueue(commit, async () => {}, maxRows), commits };
}

describe("WriteQueue", () => {
  it("writes what comes at whatever turn after the one before is done", async () => {
    const { queue, commits } = makeQueue();
    for (let turns = 0; turns < 20; turns += 1) {
      await queue.store(["a"]);
      for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
      await queue.store(["b"]);
    }
    expect(commits).toHaveLength(40);
  });

  it("gathers what waits, whole requests up to the limit, in order", async () => {
    const { queue, commits } = makeQueue(4);
    const order: string[] = [];
    await Promise.all([
      queue.store(["a", "b", "c"]),
      queue.store(["d"]),
      queue.store(["e", "f"]),
      queue.run(async () => void order.push(`after ${commits.flat().join("")}`)),
      queue.store(["1", "2", "3", "4", "5", "6"]),
    ]);
    expect(commits.map((rows) => rows.join(""))).toEqual(["abcd", "ef", "123456"]);
    expect(order).toEqual(["after abcdef"]);
  });

  it("goes on after a commit and a work that failed", async () => {
    const { queue, commits } = makeQueue(1);
    const settled = await Promise.allSettled([
      queue.store(["bad"]),
      queue.run(() => Promise.reject(new Error("work"))),
      queue.store(["good"]),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(["rejected", "rejected", "fulfilled"]);
    await queue.idle();
    expect(commits).toEqual([["good"]]);
  });
});
