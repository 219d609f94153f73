import type { Operations } from "./protocol.gen.ts";

/**
 * Operations that give the same when they are asked again in a new process: they read, or what
 * they change is gone with the old process. The others belong to the process that they were sent to.
 */
const REPEATABLE: ReadonlySet<string> = new Set<keyof Operations>([
  "ping",
  "status",
  "load_model",
  "process_audio",
  "extract_features",
  "probe",
  "compare",
  "cluster",
  "free_memory",
]);

export function isRepeatable(operation: string): boolean {
  return REPEATABLE.has(operation);
}
