/** Our bridge on a real process with a few light operations beside its own. */
import { join } from "node:path";
import { type BridgeOptions, type ExecuteOptions, findPython, GAMABridge } from "grym-synth";

/** Numbers as a light operation gives them back. */
export interface Samples {
  readonly data: Float32Array;
  readonly shape: readonly number[];
}

/** What arrived. */
export interface Summary {
  readonly count: number;
  readonly first: number;
  readonly last: number;
  /** CRC-32 of the bytes, where it was asked for. */
  readonly checksum: number | null;
}

/** What `light_operations.py` has. */
interface LightOperations {
  readonly small: { data: { value: number; label: string }; result: { value: number } };
  readonly length: { data: { samples: Float32Array; checked: boolean }; result: Summary };
  readonly echo: { data: { samples: Float32Array }; result: { samples: Samples } };
  readonly busy: {
    /** `interval`: the interpreter's switch interval, seconds; null: as the process sets it. */
    data: { work: string; seconds: number; interval: number | null };
    result: { steps: number; seconds: number; interval: number };
  };
  /** Never answers in the process of that pid. */
  readonly compare: { data: { pid: number }; result: { pid: number } };
}

export function lightBridge(options: BridgeOptions = {}): GAMABridge {
  const env = { GRYM_BENCH_PYTHON: findPython(), ...options.env };
  return new GAMABridge({ ...options, python: join(import.meta.dirname, "light-python"), env });
}

/** `executeOperation` with the types of the light operations. */
export async function ask<Name extends keyof LightOperations>(
  bridge: GAMABridge,
  name: Name,
  data: LightOperations[Name]["data"],
  options: ExecuteOptions = {},
): Promise<LightOperations[Name]["result"]> {
  // The SDK's types know the operations of the protocol, not those of this process.
  const result: unknown = await bridge.executeOperation(name as "status", data as never, options);
  return result as LightOperations[Name]["result"];
}
