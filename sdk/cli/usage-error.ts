/** The command line was not understood: the message says why, the help follows, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** Also what `parseArgs` of node:util throws for options that it does not know. */
export function isUsageError(error: unknown): boolean {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  return error instanceof UsageError || code.startsWith("ERR_PARSE_ARGS");
}
