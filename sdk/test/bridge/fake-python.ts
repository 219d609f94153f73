import { spawnSync } from "node:child_process";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { GAMABridge } from "../../bridge/gama-bridge.ts";
import { PROTOCOL_VERSION } from "../../bridge/protocol.gen.ts";

const PRELUDE = `
const { writeSync } = require("node:fs");
const readline = require("node:readline");
const send = (message) => process.stdout.write(JSON.stringify(message) + "\\n");
const ready = (changes) => send({ event: "ready", data:
  { protocol: ${PROTOCOL_VERSION}, pid: process.pid, python: "3.11.0", operations: [], arena: false, ...changes } });
const onRequest = (answer) => readline.createInterface({ input: process.stdin })
  .on("line", (line) => answer(JSON.parse(line)))
  .on("close", () => process.exit(0));
const begin = (id) => writeSync(
  Number(process.env.GRYM_RUNNING_MARK), new Uint8Array(BigUint64Array.of(BigInt(id)).buffer), 0, 8, 0);
`;

/**
 * A program that stands where Python should be: faults that the real process does not have.
 *
 * @param source CommonJS that may use `send(message)`, `ready(changes)`, `onRequest(answer)` and
 *   `begin(id)`, which marks a request as worked on
 * @returns its path
 */
export function fakePython(source: string): string {
  const path = join(mkdtempSync(join(tmpdir(), "fake-python-")), "python");
  writeFileSync(path, `#!${process.execPath}\n${PRELUDE}\n${source}\n`, { mode: 0o755 });
  return path;
}

/** The answer of a fake, untyped because the fake is not the protocol. */
export async function askFake(bridge: GAMABridge): Promise<unknown> {
  return await bridge.executeOperation("status", {});
}

/** Whether a process runs; one that ended and that nobody has reaped (a zombie) does not. */
export function isAlive(pid: number): boolean {
  const { status, stdout } = spawnSync("ps", ["-o", "state=", "-p", String(pid)], {
    encoding: "utf8",
  });
  return status === 0 && !stdout.startsWith("Z");
}
