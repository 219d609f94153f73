/** Hosts seen from outside: which there are. */
import { existsSync, lstatSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { LineReader } from "../line-reader.ts";
import { MAX_LINE_BYTES } from "../protocol.gen.ts";
import { checkFolder, hostFolders, nameOfSocket, socketPath } from "./address.ts";
import { type FromHost, formatMessage, type HostStatus, isHostLine } from "./messages.ts";
import { lockName } from "./name-lock.ts";
import { findListener } from "./proc.ts";
import { tryConnect } from "./reach-host.ts";

/** A socket of a host. */
export interface FoundHost {
  readonly name: string;
  readonly path: string;
  /**
   * `silent`: it lives and does not answer; `stale`: it died, and its socket was removed just now;
   * `unusable`: no host of this version answers there, and `reason` says what does.
   */
  readonly state: "answers" | "silent" | "stale" | "unusable";
  readonly pid: number | undefined;
  readonly status: HostStatus | undefined;
  readonly reason: string | undefined;
}

type Found = Pick<FoundHost, "state"> & Partial<FoundHost>;

/** A host answers at once, and within 2 s where its Python does not. */
const ANSWER_MS = 3_000;

/**
 * Every host of this user on this machine; sockets of dead ones are removed on the way.
 *
 * @throws HostError a folder of sockets is not the user's alone
 */
export async function listHosts(): Promise<FoundHost[]> {
  if (process.platform !== "linux") return [];
  const folders = hostFolders().filter((folder) => existsSync(folder));
  for (const folder of folders) checkFolder(folder);
  const sockets = folders.flatMap((folder) =>
    readdirSync(folder).flatMap((file) => {
      const name = nameOfSocket(file);
      return name !== undefined && isSocket(join(folder, file)) ? [{ name, folder }] : [];
    }),
  );
  const found = await Promise.all(sockets.map(({ name, folder }) => lookAt(name, folder)));
  return found.filter((host) => host !== undefined);
}

/** What is wrong with one says nothing about the others. */
async function lookAt(name: string, folder: string): Promise<FoundHost | undefined> {
  const nothing = { pid: undefined, status: undefined, reason: undefined };
  const complete = (path: string, found: Found): FoundHost => ({
    name,
    path,
    ...nothing,
    ...found,
  });
  try {
    const path = socketPath(folder, name);
    const found = await askStatus(path);
    if (found !== "nobody") return complete(path, found);
    // One that starts just now is not there yet.
    return (await removeStale(path)) ? complete(path, { state: "stale" }) : undefined;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return complete(join(folder, name), { state: "unusable", reason });
  }
}

/** @throws HostError the socket cannot be used */
async function askStatus(path: string): Promise<Found | "nobody"> {
  const socket = await tryConnect(path);
  if (socket === undefined) return "nobody";
  const { promise, resolve } = Promise.withResolvers<Found | "nobody">();
  const reader = new LineReader(MAX_LINE_BYTES, {
    onLine: (line) => resolve(readStatus(line)),
    onOversize: () => resolve(readStatus("")),
  });
  socket.on("data", (chunk: Buffer) => reader.push(chunk));
  socket.on("error", () => undefined);
  socket.on("close", () => resolve("nobody")); // it has just ended
  socket.write(formatMessage({ host: "status" }));
  const silent = wait(ANSWER_MS, undefined, { ref: false }).then(
    (): Found => ({ state: "silent", pid: findListener(path) }),
  );
  const answer = await Promise.race([promise, silent]);
  socket.destroy();
  return answer;
}

function readStatus(line: string): Found {
  try {
    const message = isHostLine(line) ? (JSON.parse(line) as FromHost) : undefined; // checked below
    const status = message?.host === "status" ? message.data : undefined;
    if (isStatus(status)) return { state: "answers", pid: status.pid, status };
  } catch {
    // Then it is no host either.
  }
  return {
    state: "unusable",
    reason: "what listens there does not answer as a host of this version",
  };
}

/** Anyone may listen at a path, and so may a host of another version. */
function isStatus(status: HostStatus | null | undefined): status is HostStatus {
  if (typeof status !== "object" || status === null) return false;
  const { pid, startTicks, namespace, clients, models = [], uptimeSeconds, idleMs } = status;
  const numbers = [
    pid,
    startTicks,
    uptimeSeconds,
    idleMs,
    status.pythonPid ?? 0,
    status.memory ?? 0,
  ];
  return (
    numbers.every((number) => Number.isFinite(number)) &&
    typeof namespace === "string" &&
    Array.isArray(clients) &&
    Array.isArray(models) &&
    models.every((model) => typeof model?.model_id === "string")
  );
}

/** Only who has the name may remove the file: a host that starts just now would lose its own. */
export async function removeStale(path: string): Promise<boolean> {
  if (!isSocket(path)) return false;
  const lock = await lockName(path, () => undefined);
  if (lock === undefined) return false;
  try {
    rmSync(path, { force: true });
  } finally {
    lock.close();
  }
  return true;
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}
