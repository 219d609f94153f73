import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CellChain } from "../../../kernel/types/cell-chain.ts";
import { CellFolder } from "../../../kernel/types/cell-folder.ts";
import { CellTypes, type CheckedCell } from "../../../kernel/types/cell-types.ts";
import { findTsc } from "../../../kernel/types/tsc-binary.ts";
import { countedErrors } from "../../../kernel/types/type-errors.ts";
import { TypeServer } from "../../../kernel/types/type-server.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..");
const GENEROUS_MS = 60_000;

let folder: string;
let told: string[];
let opened: { close(): void }[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-types-"));
  vi.stubEnv("GRYM_CACHE", join(folder, "cache"));
  told = [];
  opened = [];
});
afterEach(() => {
  for (const it of opened) it.close();
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

interface Session {
  readonly env?: NodeJS.ProcessEnv;
  readonly findTsc?: () => string | undefined;
  readonly memoryLimit?: number;
}

/** Types of a session whose cells run in the test's folder; nothing holds a value but what a cell declared. */
function open({ env = {}, ...context }: Session = {}): CellTypes {
  vi.spyOn(process, "cwd").mockReturnValue(folder);
  const types = new CellTypes(
    {
      heldGlobals: () => Promise.resolve(new Set(["held"])),
      tell: (_cell, text) => void told.push(text),
      ...context,
    },
    env,
  );
  opened.push(types);
  types.start();
  return types;
}

/** A cell that nobody interrupts. */
function cellOf(cell: number, source: string): CheckedCell {
  return { cell, line: cell, source, signal: new AbortController().signal };
}

/** Checks a cell and runs it, whatever the check says; what it says. */
async function run(types: CellTypes, cell: number, source: string): Promise<string | undefined> {
  const checked = cellOf(cell, source);
  const refused = await types.check(checked);
  await types.ran(checked, true);
  return refused?.evalue;
}

/** Process id of the server that would be asked now. */
async function serverOf(types: CellTypes): Promise<number> {
  const pid = await types.ask((server) => Promise.resolve(server.pid));
  if (pid === undefined) throw new Error("no language server");
  return pid;
}

/** A server, and sessions of cells that it judges; however long it takes: no time is tested here. */
async function judge(
  notebook: string,
): Promise<{ errorsOf(sources: readonly string[]): Promise<string[]>; close(): void }> {
  const cells = new CellFolder(notebook);
  const server = await TypeServer.start(findTsc() ?? "", cells);
  let cell = 0;
  return {
    async errorsOf(sources) {
      const chain = new CellChain(cells);
      const errors: string[] = [];
      for (const [index, source] of sources.entries()) {
        const found = await server.diagnostics(chain.document(source));
        const counted = countedErrors(found, source, (name) => name === "held");
        errors.push(...counted.map(({ message }) => `cell ${index + 1}: ${message}`));
        chain.add(++cell, source, () => true);
      }
      return errors;
    },
    close() {
      server.close();
      cells.remove();
    },
  };
}

test(
  "the notebooks and the README's example pass the checks they are told to pass",
  async () => {
    const { errorsOf, ...judging } = await judge(join(root, "notebooks"));
    opened.push(judging);
    const names = readdirSync(join(root, "notebooks")).filter((name) => name.endsWith(".ipynb"));
    expect(names.length).toBeGreaterThan(2);
    for (const name of names) {
      const text = readFileSync(join(root, "notebooks", name), "utf8");
      const { cells } = JSON.parse(text) as { cells: { cell_type: string; source: string[] }[] };
      const sources = cells.filter((it) => it.cell_type === "code").map((it) => it.source.join(""));
      expect(sources.length).toBeGreaterThan(2);
      expect(await errorsOf(sources), name).toEqual([]);
    }
    const readme = readFileSync(join(root, "README.md"), "utf8");
    const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
    expect(example).toContain("pairedDifference");
    expect(await errorsOf([example])).toEqual([]);
    const [broken] = await errorsOf([`${example}; right.foo()`]);
    expect(broken).toContain("foo"); // the check does look
  },
  GENEROUS_MS,
);

describe("strictness", () => {
  test(
    "is the kernel's own, not that of a project around the notebook",
    async () => {
      const options = { strict: true, noUncheckedIndexedAccess: true, noUnusedLocals: true };
      writeFileSync(join(folder, "tsconfig.json"), JSON.stringify({ compilerOptions: options }));
      const cells = [
        "const table = new Map<string, number>(); table.get('a').toFixed(); const unused = [1][0].toFixed();",
        "const f = (x, { y }) => x[y]; const rows = []; rows.push({ a: f({ b: 1 }, { y: 'b' }) });",
        "try { rows.map((r) => r.a) } catch (error) { console.log(error.message) }",
        "const answer = JSON.parse('{}'); answer.a.b; process.env.HOME; [1, 2], typeof absent;",
        "import anything from './untyped.js'; import { x } from 'not-installed'; anything.b; x.c;",
        "globalThis.mine = 1; mine + held;",
      ];
      writeFileSync(join(folder, "untyped.js"), "module.exports = {}");
      const { errorsOf, ...judging } = await judge(folder);
      opened.push(judging);
      expect(await errorsOf(cells)).toEqual([]);
    },
    GENEROUS_MS,
  );
});

describe("a check that takes too long", () => {
  test("lets the cell run after half a second, and its errors are told when they are known", async () => {
    const types = open();
    const pid = await serverOf(types);
    process.kill(pid, "SIGSTOP");
    expect(await types.check(cellOf(7, "const a: string = 1"))).toBeUndefined();
    expect(told).toEqual([]);
    process.kill(pid, "SIGCONT");
    await expect.poll(() => told.join()).toMatch(/TS2322.*Cell \[7\], line 1:7/s);
  });

  test("judges the cell by those before it, not by those that have run meanwhile", async () => {
    const types = open();
    types.set({ checkTimeoutMs: 0 }); // the server has not even started when all three have run
    await run(types, 1, "const a = 1");
    await run(types, 2, "a.toFixed(); const wrong: string = a");
    await run(types, 3, "const a = 'text'");
    await expect.poll(() => told.join()).toContain("TS2322");
    expect(told.join()).toContain("Cell [2], line 1:20");
    expect(told.join()).not.toContain("TS2339");
  });
});

describe("a server that has grown too large", () => {
  test(
    "is replaced once; the fresh one knows the cells, and what the old one was asked",
    async () => {
      const start = vi.spyOn(TypeServer, "start");
      const types = open({ memoryLimit: 1 });
      types.set({ checkTimeoutMs: GENEROUS_MS });
      const first = cellOf(1, "const clip = { rate: 16000 }; interface Row { id: number }");
      expect(await types.check(first)).toBeUndefined();
      const old = await serverOf(types);
      process.kill(old, "SIGSTOP"); // what it is asked now it never answers
      await types.ran(first, true);
      expect(await run(types, 2, "clip.ratio")).toMatch(/'ratio' does not exist/);
      expect(await serverOf(types)).not.toBe(old);
      expect(await run(types, 3, "const row: Row = { id: 'x' }")).toMatch(/TS2322/);
      for (let cell = 4; cell < 8; cell++) {
        expect(await run(types, cell, "clip.rate.toFixed()")).toBeUndefined();
      }
      // Though it is above the limit, too.
      expect(start).toHaveBeenCalledTimes(2);
    },
    GENEROUS_MS,
  );
});

describe("a kernel without the compiler", () => {
  test("says so at the first cell, once, and runs cells", async () => {
    const types = open({ findTsc: () => undefined });
    for (const cell of [1, 2])
      expect(await run(types, cell, "const a: string = 1")).toBeUndefined();
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/not installed.*npm install typescript/s);
  });

  test("whose compiler ends again and again gives it up and says so", async () => {
    const types = open({ findTsc: () => "/bin/false" });
    for (let cell = 1; cell <= 6; cell++) {
      expect(await types.check(cellOf(cell, "1 + 1"))).toBeUndefined();
    }
    expect(told.join()).toMatch(/no longer checked: the language server .*3 times/);
  });

  test("whose folder of cells is removed says so, and goes on", async () => {
    const types = open({ env: { GRYM_TYPES: "warn" } });
    await types.check(cellOf(1, "const a = 1"));
    rmSync(join(folder, "cache"), { recursive: true });
    await types.ran(cellOf(1, "const a = 1"), true);
    expect(await types.check(cellOf(2, "2"))).toBeUndefined();
    expect(told.join()).toMatch(/types of Cell \[1\] were not kept: .*ENOENT/);
  });

  test("a word that is no policy is told, and taken as the default", async () => {
    const types = open({ env: { GRYM_TYPES: "loud" }, findTsc: () => undefined });
    await types.check(cellOf(1, "1"));
    expect(told[0]).toContain("GRYM_TYPES=loud is none of block, warn, off");
  });
});
