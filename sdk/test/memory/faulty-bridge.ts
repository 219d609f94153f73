import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPython } from "../../bridge/find-python.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";

const FAULTY = join(
  import.meta.dirname,
  ...["..", "..", "..", "python", "tests", "fixtures", "process", "faulty.py"],
);

/** A bridge to the real process with the misbehaving operations of the Python tests beside its own. */
export function faultyBridge(): GAMABridge {
  const path = join(mkdtempSync(join(tmpdir(), "faulty-")), "python");
  writeFileSync(path, `#!/bin/sh\nexec "${findPython()}" -u "${FAULTY}"\n`, { mode: 0o755 });
  return new GAMABridge({ python: path });
}

/** Asks for one of the misbehaving operations, which the protocol does not name. */
export async function misbehave(
  bridge: GAMABridge,
  operation: "allocate" | "sleep" | "die",
  data: object,
): Promise<void> {
  await bridge.executeOperation(operation as "ping", data as Record<string, never>);
}
