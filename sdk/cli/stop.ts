import { parseArgs } from "node:util";
import { checkName, DEFAULT_HOST } from "../bridge/host/address.ts";
import { type FoundHost, listHosts } from "../bridge/host/control.ts";
import { stopHost } from "../bridge/host/stop-host.ts";
import { HostError } from "../errors.ts";
import { UsageError } from "./usage-error.ts";

/**
 * `grym-synth stop [NAME | --all]`: ends hosts, and waits until they are gone.
 *
 * @returns 0 when they are; 1 when there is no host of that name, or one does not end
 */
export async function runStop(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { all: { type: "boolean" } },
  });
  const [given, ...rest] = positionals;
  if (rest.length > 0) throw new UsageError(`unexpected "${rest.join(" ")}"`);
  if (values.all && given !== undefined) throw new UsageError("give a name or --all, not both");
  const name = checkName(given ?? DEFAULT_HOST);
  const found = await listHosts();
  const chosen = values.all ? found : found.filter((host) => host.name === name);
  if (chosen.length === 0 && !values.all) {
    const others = found.map((host) => host.name).join(", ");
    console.error(`There is no host "${name}".${others === "" ? "" : ` There is: ${others}.`}`);
    return 1;
  }
  if (chosen.length === 0) console.log("No host runs.");
  const ended = await Promise.all(chosen.map(end));
  return ended.every(Boolean) ? 0 : 1;
}

/** @returns whether it is gone */
async function end(host: FoundHost): Promise<boolean> {
  const { name, pid, state, path } = host;
  if (state === "stale") {
    console.log(`The host "${name}" had died: removed ${path}`);
    return true;
  }
  try {
    const obeyed = await stopHost(host);
    const what = pid === undefined ? "" : ` (process ${pid})`;
    console.log(`Stopped "${name}"${what}${obeyed ? "" : ", which had to be killed"}`);
    return true;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    console.error(error.message);
    return false;
  }
}
