import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { GAMABridge } from "../../../bridge/gama-bridge.ts";
import { exportRun } from "../../../compare/export/export-run.ts";
import { replayRun } from "../../../compare/replay-run.ts";
import { openReport } from "../../../compare/report/study-report.ts";
import { runStudy, type StudyRun } from "../../../compare/run-study.ts";
import type { CostSchedule } from "../../../compare/study/cost/cost-schedule.ts";
import type { CostCall } from "../../../compare/study-types.ts";
import { ProcessExitError } from "../../../errors.ts";
import { readRun, type SavedRun } from "../../../records/run/read-run.ts";
import { makeCostStudy } from "./make-study.ts";

const bridge = new GAMABridge({ transport: "spawn" });
const out = mkdtempSync(join(tmpdir(), "cost-"));

/** Python processes that this one has, but for that of the statistics. */
function timedProcesses(): number[] {
  const threads = readdirSync("/proc/self/task");
  const children = threads.flatMap((thread) =>
    readFileSync(`/proc/self/task/${thread}/children`, "utf8").trim().split(" "),
  );
  return children
    .map(Number)
    .filter((pid) => pid > 0 && pid !== bridge.pid)
    .filter((pid) => commandOf(pid).includes("gama_operations"));
}

function commandOf(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // it has ended meanwhile
  }
}

/** As soon as there is one. */
function killOne(): void {
  const [pid] = timedProcesses();
  if (pid === undefined) setTimeout(killOne, 10);
  else process.kill(pid, "SIGKILL");
}

/** The run is killed with Node while it times its second pair, and loses a process when it does so again. */
async function runDisturbed(): Promise<{ run: StudyRun; heard: string[]; timed: string[] }> {
  const child = spawn(
    process.execPath,
    ["--no-warnings", join(import.meta.dirname, "run-killed.ts"), out, "cost"],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const ended = once(child, "exit");
  for await (const line of createInterface({ input: child.stdout })) {
    if (line === "cost ab 0") child.kill("SIGKILL");
  }
  expect(await ended).toEqual([null, "SIGKILL"]);
  const [heard, timed]: [string[], string[]] = [[], []];
  let isLost = false;
  const run = await runStudy(await makeCostStudy(), {
    out,
    bridge,
    onProgress: ({ stage, done, message }) => {
      if (stage === "hear") heard.push(message);
      if (stage !== "cost") return;
      timed.push(message);
      // Its first block is done; the second one needs both processes.
      if (message !== "cost ab 0" || done !== 1 || isLost) return;
      isLost = true;
      killOne();
    },
  });
  return { run, heard, timed };
}

let disturbed: Awaited<ReturnType<typeof runDisturbed>>;
let saved: SavedRun;
let calls: readonly CostCall[];

beforeAll(async () => {
  disturbed = await runDisturbed();
  saved = await readRun(disturbed.run.folder);
  calls = (saved.rows["cost.jsonl"] ?? []) as unknown as readonly CostCall[];
}, 400_000);
afterAll(() => bridge.shutdown());

describe("the cost of two arms", () => {
  it("is timed as the schedule says: each arm's slots in their order, on the same clips in each of them", () => {
    const { incarnations } = saved.schedule["cost"] as unknown as CostSchedule;
    const good = calls.filter((call) => call.void === undefined);
    for (const { phase, incarnation, begins, blocks } of incarnations) {
      const own = good.filter((it) => it.phase === phase && it.incarnation === incarnation);
      expect(own.filter(({ call }) => call === "load")).toHaveLength(2);
      expect(own.find(({ call }) => call === "first")?.side).toBe(begins);
      const asked = blocks.flatMap(({ order, clips, chunk }, block) =>
        [...order].flatMap((side, slot) =>
          [...clips, `chunk ${chunk}`].map((clip) => [block, slot, side.toLowerCase(), clip]),
        ),
      );
      const timed = own.filter(({ block }) => block !== null);
      expect(timed.map((it) => [it.block, it.slot, it.side, it.clip])).toEqual(asked);
      expect(new Set(own.map(({ arm }) => arm)).size).toBe(phase === "aa" ? 1 : 2);
    }
  });

  it("has a time, a peak and the load of every call, and the chunk counts its clips", () => {
    for (const it of calls) {
      expect(it.wallMs).toBeGreaterThan(0);
      expect(it.wallMs).toBeGreaterThanOrEqual(it.pythonMs);
      expect(it.peakBytes).toBeGreaterThan(1e6);
      expect(it.load).toBeGreaterThanOrEqual(0);
      const isChunk = it.clip?.startsWith("chunk ") === true;
      expect(it.clips).toBe(it.call === "load" ? 0 : isChunk ? 12 : 1);
    }
  });

  it("is judged by blocks and by processes, with a word for none of which there is too little", () => {
    const { cost, costRun } = disturbed.run.results;
    expect(cost?.map(({ metric, unit, units }) => [metric, unit, units])).toEqual([
      ["per-clip latency (ms)", "block", 2],
      ["throughput (clips/s)", "block", 2],
      ["first latency (ms)", "process", 2],
      ["peak memory (MB)", "process", 2],
    ]);
    for (const { a, b, noise, word } of cost ?? []) {
      expect([a, b, word]).toEqual(["mfcc-20", "fbank", "undecided"]);
      expect(noise?.units).toBe(2);
    }
    expect(costRun).toMatchObject({ incarnations: 1, blocks: 2, singles: 2, batch: 12 });
  });
});

describe("a cost that was disturbed", () => {
  it("keeps what was finished when Node was killed, and measures what was begun again as a whole", () => {
    const { run, heard, timed } = disturbed;
    expect(run.state).toBe("resumed");
    expect(heard).toEqual([]);
    expect(timed).not.toContain("cost aa 0");
    const attempts = (phase: string, incarnation: number): number[] => [
      ...new Set(
        calls
          .filter((it) => it.phase === phase && it.incarnation === incarnation)
          .map((it) => it.attempt),
      ),
    ];
    expect(attempts("aa", 0)).toEqual([1]);
    expect(attempts("ab", 0)).toEqual([2, 3]); // of the first nothing was on the disk
  });

  it("says why in its rows, in the journal, in the results and in the report", async () => {
    const lost = calls.filter((call) => call.void !== undefined);
    expect(lost.length).toBeGreaterThan(8);
    for (const it of lost) {
      expect(it).toMatchObject({ phase: "ab", incarnation: 0, attempt: 2 });
      expect(it.void).toBe("The Python process died of SIGKILL during `single`");
    }
    const voids = saved.journal.filter(({ kind }) => kind === "void");
    expect(voids).toMatchObject([
      { phase: "ab", incarnation: 0, attempt: 1, reason: "the run ended while it was measured" },
      { phase: "ab", incarnation: 0, attempt: 2 },
    ]);
    expect(disturbed.run.results.costRun?.voids).toHaveLength(2);
    const report = await openReport(disturbed.run.folder);
    expect(report.html).toMatch(
      /measured again as a whole: ab 0 \(the run ended .*\) and ab 0 \(.*SIGKILL/,
    );
  });

  it("leaves the run as a table, void calls too", async () => {
    const paths = await exportRun(
      disturbed.run.folder,
      ["csv"],
      mkdtempSync(join(tmpdir(), "cost-")),
    );
    const csv = readFileSync(paths.find((path) => path.endsWith("cost.csv")) ?? "", "utf8");
    const [head = "", ...lines] = csv.trimEnd().split("\n");
    expect(head).toContain("phase,incarnation,attempt,side,arm,call,block,slot,clip,clips,wallMs");
    expect(lines).toHaveLength(calls.length);
  });

  it("is given up where a process dies in each of three attempts", async () => {
    const parent = mkdtempSync(join(tmpdir(), "cost-"));
    const run = runStudy(await makeCostStudy({ name: "fragile" }), {
      out: parent,
      bridge,
      onProgress: ({ stage }) => {
        if (stage === "cost") setTimeout(killOne, 500);
      },
    });
    await expect(run).rejects.toThrow(ProcessExitError);
    const [name = ""] = readdirSync(parent);
    const { journal, rows, seal } = await readRun(join(parent, name));
    const voids = journal.filter(({ kind }) => kind === "void");
    expect(voids.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
    expect(Object.keys(rows)).toContain("outcomes/knn.fbank.jsonl");
    expect(seal).toBeNull();
  }, 120_000);

  it("leaves quality as it is without any cost, to the bit", async () => {
    const study = await makeCostStudy({ cost: false });
    const { folder, results } = await runStudy(study, { out, bridge });
    const plain = await readRun(folder);
    const { "cost.jsonl": _, ...quality } = saved.rows;
    expect(quality).toEqual(plain.rows);
    expect(disturbed.run.results.verdicts).toEqual(results.verdicts);
    expect([results.cost, results.costRun]).toEqual([null, null]);
  }, 120_000);

  it("gives the same numbers to the bit when they are computed again", async () => {
    const replay = await replayRun(disturbed.run.folder, { bridge });
    expect(replay.differences).toEqual([]);
    expect(disturbed.run.results.cost).not.toBeNull();
  }, 60_000);
});
