/** The corpus that pytest decodes with msgspec, held against the exported JSON Schema. */
import { execFileSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import { describe, expect, it } from "vitest";

interface Exported {
  $defs: Record<string, object>;
}

const repository = join(import.meta.dirname, "..", "..", "..");
const python = process.env["GRYM_PYTHON"] ?? join(repository, ".venv", "bin", "python");
const corpus = join(repository, "python", "tests", "fixtures", "protocol");

const schema = JSON.parse(
  execFileSync(python, ["-m", "gama_operations.protocol_export"], { encoding: "utf8" }),
) as Exported; // its shape is held by python/tests/test_protocol.py

const ajv = new Ajv2020({ strict: false });
ajv.addSchema(schema, "protocol");

function validator(type: string): ValidateFunction {
  const validate = ajv.getSchema(`protocol#/$defs/${type}`);
  if (validate === undefined) throw new Error(`The schema has no type ${type}`);
  return validate;
}

/** Files below a folder as [`Type/case`, Type, content]. */
function cases(folder: string): [string, string, unknown][] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".json") && !file.startsWith("rejection"))
    .sort()
    .map((file) => {
      const content: unknown = JSON.parse(readFileSync(join(folder, file), "utf8"));
      return [file.replace(/\.json$/, ""), basename(dirname(file)), content];
    });
}

describe("a message of the corpus", () => {
  it.each(cases(corpus))("%s satisfies the schema of its type", (_name, type, content) => {
    const validate = validator(type);
    expect(validate(content), JSON.stringify(validate.errors)).toBe(true);
  });

  it.each(cases(join(corpus, "rejection")))("%s is rejected", (_name, type, content) => {
    expect(validator(type)(content)).toBe(false);
  });
});
