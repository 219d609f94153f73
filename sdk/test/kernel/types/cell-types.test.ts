import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { CellTypes } from "../../../kernel/types/cell-types.ts";
import { countedErrors } from "../../../kernel/types/type-errors.ts";

const root = join(import.meta.dirname, "..", "..", "..", "..");
const GENEROUS_MS = 60_000;

let folder: string;
let told: string[];
let opened: CellTypes[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "cell-types-"));
  vi.stubEnv("GRYM_CACHE", join(folder, "cache"));
  told = [];
  opened = [];
});
afterEach(() => {
  for (const types of opened) types.close();
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Types of a session whose cells run in a folder; nothing holds a value but what a cell declared. */
function open(
  notebook: string,
  env: NodeJS.ProcessEnv = {},
  executable?: string | null,
): CellTypes {
  vi.spyOn(process, "cwd").mockReturnValue(notebook);
  const types = new CellTypes(
    {
      heldGlobals: () => Promise.resolve(new Set(["held"])),
      tell: (_cell, text) => void told.push(text),
      ...(executable === undefined ? {} : { findTsc: () => executable ?? undefined }),
    },
    env,
  );
  opened.push(types);
  types.start();
  return types;
}

/** The errors of cells, each of which then counts as run. However long it takes: no time is tested here. */
async function errorsOf(types: CellTypes, sources: readonly string[]): Promise<string[]> {
  const errors: string[] = [];
  for (const [index, source] of sources.entries()) {
    const cell = index + 1;
    const found = await types.ask((server, chain) => server.diagnostics(chain.document(source)));
    if (found === undefined) throw new Error("no language server");
    const counted = countedErrors(found, source, (name) => name === "held");
    errors.push(...counted.map(({ message }) => `cell ${cell}: ${message}`));
    await types.ran({ cell, line: cell, source }, true);
  }
  return errors;
}

describe("what ships passes the checks it is told to pass", () => {
  const notebooks = readdirSync(join(root, "notebooks")).filter((name) => name.endsWith(".ipynb"));

  test.each(notebooks)(
    "%s",
    async (name) => {
      const text = readFileSync(join(root, "notebooks", name), "utf8");
      const { cells } = JSON.parse(text) as { cells: { cell_type: string; source: string[] }[] };
      const sources = cells.filter((it) => it.cell_type === "code").map((it) => it.source.join(""));
      expect(sources.length).toBeGreaterThan(2);
      expect(await errorsOf(open(join(root, "notebooks")), sources)).toEqual([]);
    },
    GENEROUS_MS,
  );

  test(
    "the README's example",
    async () => {
      const readme = readFileSync(join(root, "README.md"), "utf8");
      const example = /```ts\n([\s\S]*?)```/.exec(readme)?.[1] ?? "";
      expect(example).toContain("pairedDifference");
      expect(await errorsOf(open(join(root, "notebooks")), [example])).toEqual([]);
      const [broken] = await errorsOf(open(join(root, "notebooks")), [`${example}; right.foo()`]);
      expect(broken).toContain("foo"); // the check does look
    },
    GENEROUS_MS,
  );
});

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
      expect(await errorsOf(open(folder), cells)).toEqual([]);
    },
    GENEROUS_MS,
  );
});

describe("a kernel without the compiler", () => {
  test("says so at the first cell, once, and runs cells", async () => {
    const types = open(folder, {}, null);
    for (const cell of [1, 2]) {
      const source = "const a: string = 1";
      expect(await types.check({ cell, line: cell, source })).toBeUndefined();
      await types.ran({ cell, line: cell, source }, true);
    }
    expect(told).toHaveLength(1);
    expect(told[0]).toMatch(/not installed.*npm install typescript/s);
  });

  test("whose compiler ends again and again gives it up and says so", async () => {
    const types = open(folder, {}, "/bin/false");
    for (let cell = 1; cell <= 6; cell++) {
      expect(await types.check({ cell, line: cell, source: "1 + 1" })).toBeUndefined();
    }
    expect(told.join()).toMatch(/no longer checked: the language server .*3 times/);
  });

  test("whose folder of cells is removed says so, and goes on", async () => {
    const types = open(folder, { GRYM_TYPES: "warn" });
    await types.check({ cell: 1, line: 1, source: "const a = 1" });
    rmSync(join(folder, "cache"), { recursive: true });
    await types.ran({ cell: 1, line: 1, source: "const a = 1" }, true);
    expect(await types.check({ cell: 2, line: 2, source: "2" })).toBeUndefined();
    expect(told.join()).toMatch(/types of Cell \[1\] were not kept: .*ENOENT/);
  });

  test("a word that is no policy is told, and taken as the default", async () => {
    const types = open(folder, { GRYM_TYPES: "loud" }, null);
    await types.check({ cell: 1, line: 1, source: "1" });
    expect(told[0]).toContain("GRYM_TYPES=loud is none of block, warn, off");
  });
});
