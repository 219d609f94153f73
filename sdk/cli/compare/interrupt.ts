/** Exit code of what Ctrl-C ended. */
export const INTERRUPTED = 130;

/** Work that Ctrl-C ends in good order; a second one ends the process at once. */
export async function withInterrupt<Result>(
  work: (controller: AbortController) => Promise<Result>,
): Promise<Result> {
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  process.once("SIGINT", abort);
  try {
    return await work(controller);
  } finally {
    process.off("SIGINT", abort);
  }
}
