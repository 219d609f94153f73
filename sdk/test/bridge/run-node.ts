import { execFile } from "node:child_process";
import { promisify } from "node:util";

/**
 * Runs a module in a Node of its own: for what must not happen to the one that tests.
 *
 * @param before shell commands that it inherits, such as `ulimit -n 100`
 * @param wrapper a program with arguments in which the shell is run, such as `unshare -rm`
 * @returns what it prints
 */
export async function runNode(
  source: string,
  before = ":",
  wrapper: readonly string[] = [],
): Promise<string> {
  const command = `${before}\nexec "$NODE" --input-type=module -e "$SOURCE"`;
  const [program = "sh", ...args] = [...wrapper, "sh", "-c", command];
  const env = { ...process.env, NODE: process.execPath, SOURCE: source };
  const { stdout } = await promisify(execFile)(program, args, { env, timeout: 60_000 });
  return stdout;
}
