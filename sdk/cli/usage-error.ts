/** The command line was not understood: the message says why, the help follows, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
