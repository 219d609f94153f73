import { OperationFailedError, ProcessExitError } from "../errors.ts";
import type { Calls } from "./calls.ts";
import type { ModelRecord } from "./model-record.ts";

/**
 * Has a new process load what the one before had, before anything that may need it. What cannot be
 * loaded any more fails where it is needed.
 *
 * @param maxAttempts processes that may die of loading a model
 * @param onLost a model is not loaded again
 */
export function loadAgain(
  models: ModelRecord,
  calls: Calls,
  maxAttempts: number,
  onLost: (text: string) => void,
): void {
  for (const load of models.loads) {
    calls.ask("load_model", load, {}, { isOwn: true }).catch((error: unknown) => {
      const isFinal =
        error instanceof ProcessExitError
          ? error.attempts >= maxAttempts
          : error instanceof OperationFailedError;
      if (!isFinal) return; // the next process is asked again
      models.forget(load);
      onLost(`${load.model} was not loaded again: ${String(error)}`);
    });
  }
}
