import { execFile } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative, sep } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";

const repository = join(import.meta.dirname, "..", "..", "..");

/** The modules that a program in the folder of the SDK loads, in a Node of its own; `node:` ones left out. */
export async function listLoadedModules(program: string): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), "light-import-"));
  const hooks = join(folder, "hooks.mjs");
  // CommonJS packages are seen by their require cache, ESM by the hook.
  writeFileSync(
    hooks,
    `import { registerHooks } from "node:module";
     const loaded = [];
     registerHooks({ load: (url, context, next) => (loaded.push(url), next(url, context)) });
     process.on("exit", () => console.log(JSON.stringify(loaded)));`,
  );
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--import", pathToFileURL(hooks).href, "--input-type=module", "-e", program],
    { cwd: join(repository, "sdk") },
  );
  const base = pathToFileURL(repository).href;
  return (JSON.parse(stdout) as string[])
    .filter((url) => url.startsWith("file:") && url !== pathToFileURL(hooks).href)
    .map((url) => (url.startsWith(base) ? relative(base, url).split(sep).join("/") : url))
    .toSorted();
}
