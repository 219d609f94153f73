import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const repository = join(import.meta.dirname, "..", "..", "..");
const seeds = join(repository, "..", "shared", "seeds");
const STATES = ["here", "successor", "not yet"];

interface Row {
  readonly name: string;
  readonly state: string;
  readonly where: string;
}

function readRows(): Row[] {
  const text = readFileSync(join(repository, "sdk", "seed-map.md"), "utf8");
  return [...text.matchAll(/^\| `(\w+)` \| ([a-z ]+) \| (.+) \|$/gm)].map(
    ([, name = "", state = "", where = ""]) => ({ name, state, where }),
  );
}

const DOORS = { "grym-synth": "index.ts", "grym-synth/patterns": "feature-memory/index.ts" };

/** Names that a door of the package exports, types too. */
function readExports(door: keyof typeof DOORS): Set<string> {
  const source = readFileSync(join(repository, "sdk", DOORS[door]), "utf8");
  const lists = [...source.matchAll(/export (?:type )?\{([^}]+)\}/g)].map(([, list = ""]) => list);
  return new Set(
    lists.flatMap((list) => list.match(/\w+/g) ?? []).filter((word) => word !== "type"),
  );
}

/** Names that the code blocks of a seed declare at their top level. */
function readDeclarations(document: string): string[] {
  const blocks = [...document.matchAll(/```(typescript|python)\n(.*?)```/gs)];
  return blocks.flatMap(([, language, code = ""]) => {
    const pattern =
      language === "python"
        ? /^(?:class|def) (\w+)/gm
        : /^(?:export )?(?:abstract )?(?:class|interface|type|enum|const|(?:async )?function) (\w+)/gm;
    return [...code.matchAll(pattern)].map(([, name = ""]) => name);
  });
}

function declaresInPython(module: string, name: string): boolean {
  const file = join(repository, "python", "src", `${module.replaceAll(".", "/")}.py`);
  return (
    existsSync(file) && new RegExp(`^(class|def) ${name}\\b`, "m").test(readFileSync(file, "utf8"))
  );
}

describe("seed-map.md", () => {
  const rows = readRows();

  it("has rows, each name once, each with a state and a remark", () => {
    expect(rows.length).toBeGreaterThan(50);
    expect(new Set(rows.map(({ name }) => name)).size).toBe(rows.length);
    for (const { state, where } of rows) {
      expect(STATES).toContain(state);
      expect(where.length).toBeGreaterThan(5);
    }
  });

  it("has no line in a table that this test cannot read", () => {
    const text = readFileSync(join(repository, "sdk", "seed-map.md"), "utf8");
    const lines = text.split("\n").filter((line) => /^\| `/.test(line));
    expect(lines).toHaveLength(rows.length);
  });

  it.each(rows.filter(({ state }) => state === "here"))(
    "tells the truth: $name is here",
    ({ name, where }) => {
      const module = /`(gama_operations[\w.]*)`/.exec(where)?.[1];
      const door = where.startsWith("`grym-synth/patterns`") ? "grym-synth/patterns" : "grym-synth";
      const isHere =
        module === undefined ? readExports(door).has(name) : declaresInPython(module, name);
      expect(isHere).toBe(true);
    },
  );

  it("calls nothing `not yet` that the SDK exports", () => {
    const exports = new Set([...readExports("grym-synth"), ...readExports("grym-synth/patterns")]);
    expect(rows.filter(({ name, state }) => state !== "here" && exports.has(name))).toEqual([]);
  });

  it.skipIf(!existsSync(seeds))(
    "has every name that the seeds declare (skipped without the seeds)",
    () => {
      const known = new Set(rows.map(({ name }) => name));
      const documents = readdirSync(seeds).filter((file) => file.endsWith(".md"));
      const declared = documents.flatMap((file) =>
        readDeclarations(readFileSync(join(seeds, file), "utf8")),
      );
      expect(declared.length).toBeGreaterThan(20);
      expect(declared.filter((name) => !known.has(name))).toEqual([]);
    },
  );
});
