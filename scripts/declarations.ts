/** Writes the `.d.ts` of what packages export, for users whose TypeScript does not read our sources. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { isolatedDeclarationSync } from "oxc-transform";

const root = join(import.meta.dirname, "..");
/** Each keeps its declarations in a folder of its own, so that a published package holds them. */
const packages = [
  {
    folder: join(root, "sdk"),
    entries: [
      "index.ts",
      "compare/index.ts",
      "display/index.ts",
      "feature-memory/index.ts",
      "kernel/index.ts",
    ],
  },
  { folder: join(root, "datasets"), entries: ["index.ts"] },
];
const FOLDER = "declarations";
/** Relative modules in declarations: `from "./a.ts"`, `import("./a.ts")`. */
const RELATIVE = /((?:\bfrom|\bimport\(|\bimport) ?)"(\.{1,2}\/[^"]+)\.ts"/g;

/** Where the declarations of a source file stand, without `.d.ts`. */
function placeOf(source: string): string {
  const home = packages.find(({ folder }) => source.startsWith(`${folder}/`));
  if (home === undefined) throw new Error(`${source} belongs to no package`);
  return join(home.folder, FOLDER, relative(home.folder, source)).replace(/\.ts$/, "");
}

/** One file; the sources that its declarations name. */
function declare(source: string): string[] {
  const text = readFileSync(source, "utf8");
  const { code, errors } = isolatedDeclarationSync(source, text, { stripInternal: true });
  if (errors.length > 0) throw new Error(`${source}: ${errors[0]?.message}`);
  const place = placeOf(source);
  const named: string[] = [];
  // `.js` stands for the `.d.ts` beside it in every TypeScript; `.ts` only in sources of newer ones.
  const linked = code.replace(RELATIVE, (_all, before: string, path: string) => {
    const target = resolve(dirname(source), `${path}.ts`);
    named.push(target);
    const link = relative(dirname(place), placeOf(target));
    return `${before}"${link.startsWith(".") ? link : `./${link}`}.js"`;
  });
  mkdirSync(dirname(place), { recursive: true });
  writeFileSync(`${place}.d.ts`, linked);
  return named;
}

for (const { folder } of packages) rmSync(join(folder, FOLDER), { recursive: true, force: true });
const waiting = packages.flatMap(({ folder, entries }) =>
  entries.map((entry) => join(folder, entry)),
);
const done = new Set<string>();
for (let source = waiting.pop(); source !== undefined; source = waiting.pop()) {
  if (done.has(source)) continue;
  done.add(source);
  waiting.push(...declare(source));
}
console.log(`${done.size} declarations`);
