/** A process that writes a run, and says on stdout which chunk the disk has: for tests that kill it. */
import { openRun } from "../../../records/run/open-run.ts";
import { CHUNKS, FILE, makeOpening, rowsOf } from "./make-opening.ts";

const run = await openRun(process.argv[2] ?? "", makeOpening());
process.stdout.write(`${run.state}\n`);
for (const chunk of CHUNKS.filter((each) => !run.chunks.has(each))) {
  await run.appendChunk(
    chunk,
    { [FILE]: rowsOf(chunk), "cost.jsonl": [{ chunk }] },
    {
      [`${chunk}.npy`]: Buffer.alloc(5000, chunk),
    },
  );
  process.stdout.write(`${chunk}\n`);
}
await run.close();
