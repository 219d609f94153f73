import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const root = join(import.meta.dirname, "..", "..");

interface Package {
  readonly name: string;
  readonly overrides?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function readPackage(...folders: string[]): Package {
  return JSON.parse(readFileSync(join(root, ...folders, "package.json"), "utf8"));
}

const overridden = Object.keys(readPackage().overrides ?? {});

test("what is overridden is what LanceDB lists beside its own binaries: no more, and nothing less", () => {
  const { optionalDependencies = {} } = readPackage("node_modules", "@lancedb", "lancedb");
  const foreign = Object.keys(optionalDependencies).filter((name) => !name.startsWith("@lancedb/"));
  expect(overridden.toSorted()).toEqual(foreign.toSorted());
});

test.each(overridden)("of %s nothing is installed but an empty package", (name) => {
  expect(readPackage("node_modules", name).name).toBe("empty-npm-package");
});
