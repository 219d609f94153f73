/** Hosts for tests: in a runtime folder of their own, and gone when the file is done. */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import type { BridgeOptions } from "../../bridge/bridge-options.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { socketPath } from "../../bridge/host/address.ts";
import { listHosts } from "../../bridge/host/control.ts";
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
