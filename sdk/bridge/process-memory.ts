import type { DataPlane } from "./plane.ts";
import type { RunningMark } from "./running-mark.ts";

/** What a process inherits: descriptors, from 3 on, and the variables that name them. */
export interface Inheritance {
  readonly descriptors: readonly number[];
  readonly env: Readonly<Record<string, string>>;
}

/** The arenas and the mark of the running request, made ready for a new process. */
export function bequeath(plane: DataPlane, mark: RunningMark): Inheritance {
  plane.clearOutput();
  mark.clear();
  const arenas = plane.descriptors;
  if (mark.fd === undefined) return { descriptors: arenas, env: plane.environment };
  return {
    descriptors: [...arenas, mark.fd],
    env: { ...plane.environment, GRYM_RUNNING_MARK: String(3 + arenas.length) },
  };
}
