import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const LIMIT_MS = 180_000;
const root = join(import.meta.dirname, "..", "..");
const readme = readFileSync(join(root, "README.md"), "utf8");

/** The first block of a language, without its fences. */
function block(language: string): string {
  const text = new RegExp(`\`\`\`${language}\\n([\\s\\S]*?)\`\`\``).exec(readme)?.[1];
  if (text === undefined) throw new Error(`README has no block \`\`\`${language}`);
  return text;
}

async function runExample(): Promise<string> {
  // One folder below the root, as a notebook is: `../datasets` must resolve.
  const folder = join(root, "build");
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "readme-example.ts"), block("ts"));
  const child = spawn(process.execPath, ["readme-example.ts"], {
    cwd: folder,
    timeout: LIMIT_MS - 5000,
  });
  let output = "";
  let errors = "";
  child.stdout.on("data", (chunk) => {
    output += String(chunk);
  });
  child.stderr.on("data", (chunk) => {
    errors += String(chunk);
  });
  const code = await new Promise((resolve) => child.once("close", resolve));
  expect(errors).toBe("");
  expect(code).toBe(0);
  return output;
}

const numbers = (text: string): number[] => (text.match(/-?\d+(\.\d+)?/g) ?? []).map(Number);
const words = (text: string): string => text.replace(/-?\d+(\.\d+)?/g, "#").trim();

test(
  "README's example prints what README says",
  async () => {
    const printed = await runExample();
    const promised = block("text");
    expect(words(printed)).toBe(words(promised));
    // Another CPU may decide a few of 468 clips the other way: at most 2 points, or .02.
    for (const [index, value] of numbers(promised).entries()) {
      const allowed = Number.isInteger(value) ? 0 : Math.abs(value) < 1 ? 0.02 : 2;
      expect(Math.abs((numbers(printed)[index] ?? Number.NaN) - value)).toBeLessThanOrEqual(
        allowed,
      );
    }
  },
  LIMIT_MS,
);

test("README's promise, commands and example with its output stand in the first 30 lines", () => {
  const end = readme.indexOf("```", readme.indexOf("```text") + 3);
  expect(end).toBeGreaterThan(0);
  expect(readme.slice(0, end).split("\n").length).toBeLessThanOrEqual(30);
});
