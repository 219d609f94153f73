// npm run bench -- NAME [arguments]: runs benchmarks/NAME.ts.
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const folder = join(import.meta.dirname, "..", "benchmarks");
const [name, ...rest] = process.argv.slice(2);
const file = join(folder, `${name}.ts`);
if (name === undefined || !existsSync(file)) {
  const names = readdirSync(folder).filter((entry) => entry.endsWith(".ts"));
  console.error(
    `usage: npm run bench -- NAME\nNAME: ${names.map((n) => n.slice(0, -3)).join(", ")}`,
  );
  process.exit(2);
}
process.argv = [process.argv[0] ?? "node", file, ...rest];
await import(pathToFileURL(file).href);
