/**
 * `npm run protocol`: writes `sdk/bridge/protocol.gen.ts` from `python/…/protocol/`.
 * `npm run protocol -- --check`: compares instead, and fails when the two have drifted apart.
 *
 * Route: msgspec Structs → JSON Schema (`gama_operations.protocol_export`) → TypeScript.
 */
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { compile, type JSONSchema } from "json-schema-to-typescript";

interface ExportedOperation {
  data: string;
  result: string;
  part: string | null;
  repeatable: boolean;
  immediate: boolean;
}

/** What `python -m gama_operations.protocol_export` prints. */
interface ExportedProtocol {
  protocol: number;
  maxLineBytes: number;
  operations: Record<string, ExportedOperation>;
  messages: string[];
  $defs: Record<string, JSONSchema>;
}

const repository = join(import.meta.dirname, "..");
const target = join(repository, "sdk", "bridge", "protocol.gen.ts");
const command = "npm run protocol";

const banner = `// Generated from python/src/gama_operations/protocol/ by \`${command}\`; do not edit.
// The one source of these types is that folder; \`${command} -- --check\` finds drift.
`;

/** The Python of the repository, or the one that GRYM_PYTHON names. */
function findPython(): string {
  const python = process.env["GRYM_PYTHON"] ?? join(repository, ".venv", "bin", "python");
  if (!existsSync(python)) {
    throw new Error(`No Python at ${python}: run "npm run setup", or set GRYM_PYTHON.`);
  }
  return python;
}

function readProtocol(): ExportedProtocol {
  const json = execFileSync(findPython(), ["-m", "gama_operations.protocol_export"], {
    encoding: "utf8",
    env: { ...process.env, PYTHONPATH: join(repository, "python", "src") },
  });
  return JSON.parse(json) as ExportedProtocol; // the exporter's tests hold it to this shape
}

/** An object whose properties are given, all of them required. */
function record(description: string, properties: Record<string, JSONSchema>): JSONSchema {
  const required = Object.keys(properties);
  return { type: "object", description, properties, required, additionalProperties: false };
}

function mapValues<Value>(
  values: Record<string, Value>,
  change: (value: Value) => Value,
): Record<string, Value> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, change(value)]));
}

/** How a field reads in TypeScript: its own words, and its default. */
function describe(schema: JSONSchema): string | undefined {
  const { description, default: value } = schema;
  const named = value !== undefined && value !== null && typeof value !== "object";
  const lines = [description, named ? `@default ${JSON.stringify(value)}` : undefined];
  return lines.filter((line) => line !== undefined).join("\n") || undefined;
}

/**
 * A named type with words of its own beside it would be written out a second time (`DType1`);
 * as the only member of `allOf` it keeps its name.
 */
function keepName(schema: JSONSchema): JSONSchema {
  const { $ref, default: _default, description: _description, ...rest } = schema;
  const description = describe(schema);
  const words = description === undefined ? {} : { description };
  if ($ref === undefined) return { ...rest, ...words };
  return description === undefined ? { $ref } : { allOf: [{ $ref }], ...words };
}

function keepNames(definition: JSONSchema): JSONSchema {
  if (definition.properties === undefined) return definition;
  return { ...definition, properties: mapValues(definition.properties, keepName) };
}

/** One schema that reaches every type, since json-schema-to-typescript writes what it can reach. */
function rootSchema(exported: ExportedProtocol): JSONSchema {
  const reference = (name: string): JSONSchema => ({ $ref: `#/$defs/${name}` });
  const operations: Record<string, JSONSchema> = {};
  for (const [name, { data, result, part }] of Object.entries(exported.operations)) {
    const parts = part === null ? {} : { part: reference(part) };
    operations[name] = record("", { data: reference(data), result: reference(result), ...parts });
  }
  const Operations = record("Each operation: what it takes and what it answers.", operations);
  const Message = {
    description: "What the process writes: one of these on each line.",
    anyOf: exported.messages.map(reference),
  };
  return {
    ...record("", {
      operations: reference("Operations"),
      message: reference("Message"),
      request: reference("Request"),
    }),
    $defs: { ...mapValues(exported.$defs, keepNames), Operations, Message },
  };
}

/** The finish that a person would give it: short comments on one line, air between the types. */
function polish(types: string): string {
  return types
    .replace(/\/\*\*\n *\* (.*)\n *\*\/\n/g, "/** $1 */\n")
    .replace(/export interface (\w+) \{\}/g, "export type $1 = Record<string, never>;")
    .replace(/^(\}|.*;)\n(?=\/\*\*|export)/gm, "$1\n\n");
}

function constants(exported: ExportedProtocol): string {
  const rows = Object.entries(exported.operations).map(
    ([name, { repeatable, immediate }]) =>
      `  ["${name}", { repeatable: ${repeatable}, immediate: ${immediate} }],\n`,
  );
  return `
/** Version of the protocol that \`ready\` must name. */
export const PROTOCOL_VERSION = ${exported.protocol};

/** Longest line that either side reads, in bytes; bulk data goes beside the lines. */
export const MAX_LINE_BYTES = ${exported.maxLineBytes};

/** How an operation is treated. */
export interface OperationFacts {
  /** May be sent again after a crash: it has no lasting effect, or the same effect twice. */
  readonly repeatable: boolean;
  /** Answered at once, also while the model thread works. */
  readonly immediate: boolean;
}

export const OPERATIONS: ReadonlyMap<string, OperationFacts> = new Map([
${rows.join("")}]);
`;
}

async function generate(): Promise<string> {
  const exported = readProtocol();
  const types = await compile(rootSchema(exported), "Root", {
    bannerComment: "",
    additionalProperties: false,
    style: { printWidth: 100, singleQuote: false },
  });
  // The root only made the types reachable.
  const body = types.replace(/export interface Root \{.*?\n\}\n/s, "");
  return `${banner}\n${polish(body.trim())}\n${constants(exported)}`;
}

const generated = await generate();
if (process.argv.includes("--check")) {
  const current = existsSync(target) ? readFileSync(target, "utf8") : "";
  if (current !== generated) {
    console.error(`${target} does not match the protocol: run "${command}" and commit the result.`);
    process.exitCode = 1;
  }
} else {
  writeFileSync(target, generated);
  console.log(`Wrote ${target}`);
}
