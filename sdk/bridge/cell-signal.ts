import type { CallOptions } from "./call-options.ts";
import type { Operations } from "./protocol.gen.ts";

/** What takes long; all else is over soon, and giving memory back must work in any case. */
const STOPPABLE: ReadonlySet<keyof Operations> = new Set<keyof Operations>([
  "load_model",
  "process_audio",
  "describe",
  "score",
  "extract_features",
  "probe",
  "compare",
  "cluster",
]);

/**
 * In a notebook, an interrupt of the cell gives up the calls that it has made: otherwise Python
 * would go on with work that nobody waits for.
 */
export function withCellSignal<Options extends CallOptions>(
  operation: keyof Operations,
  options: Options,
): Options {
  const cell = STOPPABLE.has(operation) ? cellSignal() : undefined;
  if (cell === undefined) return options;
  const { signal } = options;
  return { ...options, signal: signal === undefined ? cell : AbortSignal.any([signal, cell]) };
}

/** The signal of the running cell, which the grym-synth kernel offers in its hook. */
function cellSignal(): AbortSignal | undefined {
  const hook: unknown = Reflect.get(globalThis, Symbol.for("grym-synth.kernel"));
  if (typeof hook !== "object" || hook === null || !("signal" in hook)) return undefined;
  return hook.signal instanceof AbortSignal ? hook.signal : undefined;
}
