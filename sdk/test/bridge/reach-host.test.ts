/** Looking for a host at its socket. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it } from "vitest";
import { findPython } from "../../bridge/find-python.ts";
import { tryConnect } from "../../bridge/host/reach-host.ts";

/** Listens, and takes nobody. */
const DEAF = `
import socket, sys, time
server = socket.socket(socket.AF_UNIX)
server.bind(sys.argv[1])
server.listen(8)
print("listening", flush=True)
time.sleep(60)
`;

/** Waits without giving the event loop a turn. */
function waitUntilDead(pid: number): void {
  const nothing = new Int32Array(new SharedArrayBuffer(4));
  while (!/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"))) {
    Atomics.wait(nothing, 0, 0, 5);
  }
}

it("a host that dies before it has taken a connection is one that nobody listens at", async () => {
  const path = join(mkdtempSync(join(tmpdir(), "reach-host-")), "socket");
  const child = spawn(findPython(), ["-c", DEAF, path], { stdio: ["ignore", "pipe", "inherit"] });
  await once(child.stdout, "data");
  const connecting = tryConnect(path);
  child.kill("SIGKILL");
  waitUntilDead(child.pid ?? 0);
  expect(await connecting).toBeUndefined();
});
