/** The real process with a light model and with operations that misbehave (python/tests/fixtures). */
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BridgeOptions } from "../../bridge/bridge-options.ts";
import type { CallOptions } from "../../bridge/call-options.ts";
import { findPython } from "../../bridge/find-python.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import type { LogEntry } from "../../bridge/log-entry.ts";
import type { OperationName } from "../../bridge/operation-types.ts";

const SOURCE = join(
  import.meta.dirname,
  ...["..", "..", "..", "python", "tests", "fixtures", "process", "light.py"],
);

/** @param before shell commands that the process inherits, such as `ulimit -v 1000000` */
export function lightPython(before = ":"): string {
  const path = join(mkdtempSync(join(tmpdir(), "light-python-")), "python");
  // -u -X faulthandler, then its own main instead of `-m gama_operations`.
  const script = `#!/bin/sh\n${before}\nexec '${findPython()}' "$1" "$2" "$3" '${SOURCE}'\n`;
  writeFileSync(path, script, { mode: 0o755 });
  return path;
}

/** A bridge to the light process whose remarks and records are kept, and not printed. */
export function lightBridge(options: BridgeOptions = {}): {
  readonly bridge: GAMABridge;
  readonly entries: LogEntry[];
} {
  const entries: LogEntry[] = [];
  const onLog = (entry: LogEntry): void => void entries.push(entry);
  return { bridge: new GAMABridge({ python: lightPython(), onLog, ...options }), entries };
}

/** Asks for an operation that the protocol does not know; its `value`. */
export async function ask(
  bridge: GAMABridge,
  operation: string,
  data: object = {},
  options: CallOptions = {},
): Promise<unknown> {
  const name = operation as OperationName; // of the fixture: the protocol does not have it
  const result: unknown = await bridge.executeOperation(name, data as never, options);
  return (result as { readonly value: unknown }).value;
}

/** The light model: the samples backwards. Not `async`, whose frame would hold the samples. */
export function backwards(
  bridge: GAMABridge,
  samples: Float32Array,
  options: CallOptions = {},
): Promise<Float32Array> {
  const audio = { samples, sample_rate: 16_000 };
  return bridge.executeOperation("extract_features", { audio }, options).then(({ features }) => {
    if (Array.isArray(features)) throw new Error("expected a tensor");
    return features.data as Float32Array; // as it was sent
  });
}
