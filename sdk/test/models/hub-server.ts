import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { findPython } from "../../bridge/find-python.ts";

const SERVER = join(import.meta.dirname, "../../../python/tests/hub_server.py");

/** A request that the hub has seen. */
interface SeenRequest {
  readonly host: "hub" | "cdn";
  readonly path: string;
  readonly range: string | null;
}

export interface TestHub {
  /** The environment that leads to it. */
  readonly environment: Readonly<Record<string, string>>;
  /** What it was asked so far. */
  requests(): Promise<SeenRequest[]>;
}

/**
 * A hub on loopback, gone when the test is over.
 *
 * @param options its repositories and faults, as `hub_server.py` takes them
 */
export async function startHub(options: object): Promise<TestHub> {
  const stdio: ["pipe", "pipe", "inherit"] = ["pipe", "pipe", "inherit"];
  const child = spawn(findPython(), [SERVER, JSON.stringify(options)], { stdio });
  onTestFinished(async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, "exit");
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const read = async (): Promise<string> => String((await lines.next()).value);
  return {
    environment: { HF_ENDPOINT: await read(), HF_TOKEN: "" },
    requests: async () => {
      child.stdin.write("\n");
      return JSON.parse(await read());
    },
  };
}
