/** Hosts for tests: in a runtime folder of their own, and gone when the file is done. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { BridgeOptions } from "../../bridge/bridge-options.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { socketPath } from "../../bridge/host/address.ts";
import { listHosts } from "../../bridge/host/control.ts";
import type { HostStatus } from "../../bridge/host/messages.ts";
import { stopHost } from "../../bridge/host/stop-host.ts";
import type { LogEntry } from "../../bridge/log-entry.ts";

/** Makes every host of this test file live in a folder of its own. */
export function useOwnHosts(): string {
  const folder = mkdtempSync(join(tmpdir(), "hosts-"));
  process.env["XDG_RUNTIME_DIR"] = folder;
  process.env["GRYM_HOST_IDLE"] = "60"; // should the tests be killed themselves
  afterAll(async () => {
    await Promise.all((await listHosts()).map(stopHost));
    rmSync(folder, { recursive: true });
  });
  return folder;
}

/** Where the host of a name listens, in a runtime folder. */
export function socketOf(runtime: string, name: string): string {
  return socketPath(join(runtime, "grym-synth"), name);
}

/** What the host of a name says of itself. */
export async function statusOf(name: string): Promise<HostStatus> {
  const found = (await listHosts()).find((host) => host.name === name);
  if (found?.status === undefined) throw new Error(`the host ${name} does not answer`);
  return found.status;
}

/** Ends the host of a name. */
export async function stop(name: string): Promise<void> {
  for (const host of await listHosts()) if (host.name === name) await stopHost(host);
}

/** What a test kills must be there: 0 would be its own process group. */
export function kill(pid: number | undefined, signal: NodeJS.Signals = "SIGKILL"): void {
  if (!pid) throw new Error("there is no process to kill");
  process.kill(pid, signal);
}

/** Files in shared memory that a process has open. */
export function sharedFiles(pid: number): string[] {
  const links = readdirSync(`/proc/${pid}/fd`).map((fd) => {
    try {
      return readlinkSync(`/proc/${pid}/fd/${fd}`);
    } catch {
      return "";
    }
  });
  return [...new Set(links.filter((link) => link.startsWith("/dev/shm/")))].toSorted();
}

/** A bridge that attaches; its remarks are kept, and not printed. */
export function attach(
  name: string,
  options: BridgeOptions = {},
): { readonly bridge: GAMABridge; readonly remarks: string[] } {
  const remarks: string[] = [];
  const onLog = ({ source, text }: LogEntry): void => {
    if (source === "bridge") remarks.push(text);
  };
  const bridge = new GAMABridge({ onLog, host: { name }, ...options, transport: "attach" });
  return { bridge, remarks };
}

/** A Node process with the SDK at hand, in a process group of its own; `print` writes a line of JSON. */
export function runClient(
  body: string,
  env: NodeJS.ProcessEnv = {},
): { readonly child: ChildProcess; readonly lines: unknown[] } {
  const sdk = join(import.meta.dirname, "..", "..");
  const source = `
    import { GAMABridge } from ${JSON.stringify(join(sdk, "bridge", "gama-bridge.ts"))};
    import { sharedBridge } from ${JSON.stringify(join(sdk, "bridge", "shared-bridge.ts"))};
    const print = (value) => console.log(JSON.stringify(value));
    ${body}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", source], {
    detached: true,
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, ...env },
  });
  const lines: unknown[] = [];
  let rest = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    const parts = (rest + text).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts.map((line): unknown => JSON.parse(line)));
  });
  return { child, lines };
}
