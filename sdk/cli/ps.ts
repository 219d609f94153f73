import { parseArgs } from "node:util";
import { type FoundHost, listHosts } from "../bridge/host/control.ts";
import { writeBytes } from "./doctor/finding.ts";
import { writeTable } from "./write-table.ts";

const HEADINGS = [
  "NAME",
  "HOST PID",
  "PYTHON PID",
  "MODELS",
  "CLIENTS",
  "MEMORY",
  "UP",
  "ENDS",
] as const;

/** `grym-synth ps`: the hosts of this user, as a table or as JSON. */
export async function runPs(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean" } } });
  const found = await listHosts();
  for (const { name, path } of found.filter(({ state }) => state === "stale")) {
    console.error(`The host "${name}" had died: removed ${path}`);
  }
  const living = found.filter(({ state }) => state !== "stale");
  if (values.json) console.log(JSON.stringify(living.map(toJson), null, 2));
  else if (living.length === 0) console.log("No host runs.");
  else console.log(writeTable([HEADINGS, ...living.map(toRow)]));
  return 0;
}

function toJson({ name, path, state, pid, status, reason }: FoundHost): object {
  return { name, socket: path, answers: state === "answers", pid, reason, ...status };
}

function toRow({ name, pid, status, reason }: FoundHost): readonly string[] {
  if (status === undefined) return [name, String(pid ?? "?"), reason ?? "does not answer"];
  const { pythonPid, models, clients, memory, uptimeSeconds, endsInSeconds } = status;
  const names = models?.map(({ model_id }) => model_id).join(", ");
  return [
    name,
    String(status.pid),
    pythonPid === undefined ? "none" : String(pythonPid),
    names === undefined ? "?" : names || "none",
    clients.length === 0 ? "none" : clients.join(", "),
    memory === undefined ? "?" : writeBytes(memory),
    writeTime(uptimeSeconds),
    endsInSeconds === undefined ? "not while used" : `in ${writeTime(endsInSeconds)}`,
  ];
}

/** Seconds as people say them: `45 s`, `12 min`, `3 h 5 min`. */
function writeTime(seconds: number): string {
  if (seconds < 60) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
