/** Hosts seen from outside: which there are, and their end. */
import { existsSync, readdirSync, rmSync } from "node:fs";
import { setTimeout as wait } from "node:timers/promises";
import { LineReader } from "../line-reader.ts";
import { MAX_LINE_BYTES } from "../protocol.gen.ts";
import { hostFolders, nameOfSocket, socketPath } from "./address.ts";
import { type FromHost, formatMessage, type HostStatus, isHostLine } from "./messages.ts";
import { lockName } from "./name-lock.ts";
import { findListener, isRunning, killProcess } from "./proc.ts";
import { tryConnect } from "./reach-host.ts";

/** A socket of a host. */
export interface FoundHost {
  readonly name: string;
  readonly path: string;
  /** `silent`: it lives and does not answer; `stale`: it died, and its socket was removed just now. */
  readonly state: "answers" | "silent" | "stale";
  readonly pid: number | undefined;
  readonly status: HostStatus | undefined;
}

/** A host answers at once, and within 2 s where its Python does not. */
const ANSWER_MS = 3_000;
/** Python is asked (3 s), told (2 s) and killed, and clients read that it is over (1 s). */
const STOP_MS = 8_000;
/** One that does not even tell its state is given less. */
const STOP_SILENT_MS = 1_000;
const LOOK_MS = 20;

/** Every host of this user; sockets of dead ones are removed on the way. */
export async function listHosts(): Promise<FoundHost[]> {
  const paths = hostFolders()
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder).map((file) => [nameOfSocket(file), folder] as const))
    .flatMap(([name, folder]) => (name === undefined ? [] : [[name, folder] as const]));
  const found = await Promise.all(paths.map(([name, folder]) => lookAt(name, folder)));
  return found.filter((host) => host !== undefined);
}

/**
 * Ends a host: its Python gets the end of its input and finishes what it has, for a few seconds; one that does
 * not obey is killed. Resolves when both are gone.
 *
 * @returns whether it ended by itself
 */
export async function stopHost({ path, pid, status }: FoundHost): Promise<boolean> {
  const processes = [pid, status?.pythonPid].filter((id) => id !== undefined);
  const socket = await tryConnect(path);
  socket?.on("error", () => undefined); // it ends while we write
  socket?.write(formatMessage({ host: "stop" }));
  const obeyed = await areGone(processes, status === undefined ? STOP_SILENT_MS : STOP_MS);
  socket?.destroy();
  if (!obeyed) {
    for (const id of processes) killProcess(id);
    await areGone(processes, STOP_MS);
    // Its threads may hold the name a moment longer than the process is seen.
    const end = performance.now() + STOP_SILENT_MS;
    while (!(await removeStale(path)) && existsSync(path) && performance.now() < end) {
      await wait(LOOK_MS);
    }
  }
  return obeyed;
}

async function lookAt(name: string, folder: string): Promise<FoundHost | undefined> {
  const path = socketPath(folder, name);
  const answer = await askStatus(path);
  if (answer === "nobody") {
    const stale = { name, path, state: "stale", pid: undefined, status: undefined } as const;
    return (await removeStale(path)) ? stale : undefined; // one that starts just now is not there yet
  }
  if (answer !== undefined)
    return { name, path, state: "answers", pid: answer.pid, status: answer };
  return { name, path, state: "silent", pid: findListener(path), status: undefined };
}

/** @returns undefined: it does not answer in time */
async function askStatus(path: string): Promise<HostStatus | "nobody" | undefined> {
  const socket = await tryConnect(path);
  if (socket === undefined) return "nobody";
  const { promise, resolve } = Promise.withResolvers<HostStatus | "nobody" | undefined>();
  const reader = new LineReader(MAX_LINE_BYTES, {
    onLine: (line) => {
      if (!isHostLine(line)) return;
      const message = JSON.parse(line) as FromHost; // of any version: what is missing is shown as missing
      if (message.host === "status") resolve(message.data);
    },
    onOversize: () => undefined,
  });
  socket.on("data", (chunk: Buffer) => reader.push(chunk));
  socket.on("error", () => undefined);
  socket.on("close", () => resolve("nobody")); // it has just ended
  socket.write(formatMessage({ host: "status" }));
  const answer = await Promise.race([promise, wait(ANSWER_MS, undefined, { ref: false })]);
  socket.destroy();
  return answer;
}

/** Only who has the name may remove the file: a host that starts just now would lose its own. */
async function removeStale(path: string): Promise<boolean> {
  const lock = await lockName(path, () => undefined);
  if (lock === undefined) return false;
  const wasThere = existsSync(path);
  rmSync(path, { force: true });
  lock.close();
  return wasThere;
}

async function areGone(pids: readonly number[], limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (pids.some(isRunning)) {
    if (performance.now() > end) return false;
    await wait(LOOK_MS);
  }
  return true;
}
