import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";

const sdk = join(import.meta.dirname, "..", "..");
const modules = join(sdk, "..", "node_modules");

const USE = `
import { GAMABridge } from "grym-synth";
import { type Study, verifySeal } from "grym-synth/compare";
import { table } from "grym-synth/display";
import { PatternStorage } from "grym-synth/patterns";
import type {} from "grym-synth/kernel";
const right: number | undefined = new GAMABridge().pid;
const wrong: string = new GAMABridge().processNumber;
export { PatternStorage, right, type Study, table, verifySeal, wrong };
`;

/** What TypeScript says of a package that uses ours, with everything that it reads. */
async function check(): Promise<{ files: string[]; complaints: string[] }> {
  const folder = mkdtempSync(join(tmpdir(), "declarations-"));
  mkdirSync(join(folder, "node_modules"));
  for (const name of ["@types", "arquero", "@lancedb", "apache-arrow"])
    symlinkSync(join(modules, name), join(folder, "node_modules", name));
  symlinkSync(sdk, join(folder, "node_modules", "grym-synth"));
  writeFileSync(join(folder, "use.mts"), USE);
  const tsc = join(modules, "typescript", "bin", "tsc");
  const lib = "es2024,esnext.disposable,esnext.float16,dom";
  const how = ["--strict", "--noEmit", "--listFiles", "--types", "node", "--target", "es2024"];
  const args = [tsc, ...how, "--lib", lib, "--module", "nodenext", "use.mts"];
  const output = await new Promise<string>((resolve) => {
    // It ends with a code of its own because of the wrong line.
    execFile(process.execPath, args, { cwd: folder, maxBuffer: 2 ** 24 }, (_error, stdout) =>
      resolve(stdout),
    );
  });
  const lines = output.split("\n");
  return {
    files: lines.filter((line) => line.endsWith(".ts")),
    complaints: lines.filter((line) => /error TS/.test(line) && !line.includes("/node_modules/")),
  };
}

it("who uses the package reads its declarations, not its sources, and they are whole", async () => {
  const { files, complaints } = await check();
  const ours = files.filter((file) => file.startsWith(`${sdk}/`));
  expect(ours).toContain(join(sdk, "declarations", "index.d.ts"));
  expect(ours.filter((file) => !file.startsWith(join(sdk, "declarations")))).toEqual([]);
  // The line that is wrong, and nothing in what was read.
  expect(complaints).toEqual([
    "use.mts(8,7): error TS2322: Type 'number' is not assignable to type 'string'.",
  ]);
}, 180_000);
