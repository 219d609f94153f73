import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { onTestFinished } from "vitest";
import { findPython } from "../../bridge/find-python.ts";

const SERVER = join(import.meta.dirname, "../../../python/tests/hub_server.py");

/**
 * A hub on loopback, gone when the test is over.
 *
 * @param options its repositories and faults, as `hub_server.py` takes them
 * @returns the environment that leads to it
 */
export async function startHub(
  options: object,
): Promise<{ HF_ENDPOINT: string; HF_TOKEN: string }> {
  const stdio: ["pipe", "pipe", "inherit"] = ["pipe", "pipe", "inherit"];
  const child = spawn(findPython(), [SERVER, JSON.stringify(options)], { stdio });
  onTestFinished(async () => {
    child.stdin.end();
    if (child.exitCode === null) await once(child, "exit");
  });
  const [url] = await once(createInterface({ input: child.stdout }), "line");
  return { HF_ENDPOINT: String(url), HF_TOKEN: "" };
}
