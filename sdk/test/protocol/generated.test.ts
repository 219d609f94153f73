/** `protocol.gen.ts` is what `protocol/` says, and types calls as closely as a person would. */
import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  type ErrorCode,
  type LoadModelData,
  MAX_LINE_BYTES,
  type Message,
  OPERATIONS,
  type Operations,
  type PingData,
  PROTOCOL_VERSION,
} from "../../bridge/protocol.gen.ts";

const repository = join(import.meta.dirname, "..", "..", "..");
const script = join(repository, "scripts", "protocol.ts");
const generated = join(repository, "sdk", "bridge", "protocol.gen.ts");

describe("the generated protocol", () => {
  it("matches protocol/", () => {
    const checked = spawnSync(process.execPath, [script, "--check"], { encoding: "utf8" });
    expect(checked.stderr).toBe("");
    expect(checked.status).toBe(0);
  });

  it("names its source, its command, and nothing of the machine", () => {
    const text = readFileSync(generated, "utf8");
    expect(text.split("\n")[0]).toContain("python/src/gama_operations/protocol/");
    expect(text).toContain("npm run protocol");
    expect(text).not.toContain(repository);
    expect(text).not.toMatch(/\w+1\b.*=/);
  });

  it("knows the same operations as the process that it starts", () => {
    const python = process.env["GRYM_PYTHON"] ?? join(repository, ".venv", "bin", "python");
    const [ready = ""] = execFileSync(python, ["-m", "gama_operations"], {
      encoding: "utf8",
      input: "",
    }).split("\n");
    const message = JSON.parse(ready) as Message; // the process's first line
    if (!("event" in message) || message.event !== "ready") throw new Error(`not ready: ${ready}`);
    expect([...message.data.operations].sort()).toEqual([...OPERATIONS.keys()].sort());
    expect(message.data.protocol).toBe(PROTOCOL_VERSION);
    expect(MAX_LINE_BYTES).toBe(64 * 1024 * 1024);
  });

  it("rejects a wrong operation, field and code at compile time", () => {
    expectTypeOf<keyof Operations>().not.toEqualTypeOf<string>();
    expectTypeOf<Operations["ping"]["result"]["status"]>().toEqualTypeOf<"ok">();
    expectTypeOf<Operations["extract_features"]["result"]["failures"]>().not.toBeAny();
    expectTypeOf<"oops">().not.toExtend<ErrorCode>();
    expectTypeOf<{ modle: string }>().not.toExtend<LoadModelData>();
    expectTypeOf<{ loud: boolean }>().not.toExtend<PingData>();
  });
});
