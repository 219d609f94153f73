/** The end of a host, from outside. Nothing is killed that was not seen to be it. */
import { existsSync } from "node:fs";
import type { Socket } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { HostError } from "../../errors.ts";
import { type FoundHost, removeStale } from "./control.ts";
import { formatMessage } from "./messages.ts";
import {
  findListener,
  identifyProcess,
  isSameRunning,
  killProcess,
  type ProcessIdentity,
  parentOf,
} from "./proc.ts";
import { tryConnect } from "./reach-host.ts";
import { pidNamespace } from "./shared-file.ts";

/** Python is asked (3 s), told (2 s) and killed, and clients read that it is over (1 s). */
const STOP_MS = 8_000;
/** One that does not even tell its state is given less. */
const STOP_SILENT_MS = 1_000;
const LOOK_MS = 20;

/**
 * Ends a host: its Python gets the end of its input and finishes what it has, for a few seconds; one that does
 * not obey is killed. Resolves when both are gone.
 *
 * @returns whether it ended by itself
 * @throws HostError it does not end, and is not to be killed from here
 */
export async function stopHost(host: FoundHost): Promise<boolean> {
  const { name, path, status } = host;
  const processes = findProcesses(host);
  const limitMs = status === undefined ? STOP_SILENT_MS : STOP_MS;
  const socket = await tryConnect(path);
  if (socket === undefined) return true; // it has gone meanwhile
  socket.on("error", () => undefined); // it ends while we write
  socket.write(formatMessage({ host: "stop" }));
  try {
    if (typeof processes === "string") {
      if (await closes(socket, limitMs)) return true;
      throw new HostError(
        `"${name}" does not end when it is told, and is not killed: ${processes}`,
      );
    }
    if (await areGone(processes, limitMs)) return true;
  } finally {
    socket.destroy();
  }
  for (const identity of processes) if (isSameRunning(identity)) killProcess(identity.pid);
  await areGone(processes, STOP_MS);
  // Its threads may hold the name a moment longer than the process is seen.
  const end = performance.now() + STOP_SILENT_MS;
  while (!(await removeStale(path)) && existsSync(path) && performance.now() < end) {
    await wait(LOOK_MS);
  }
  return false;
}

/**
 * The processes that may be killed: who listens at the socket, and the Python that is its child. A host that
 * ends listens no more, so that this is found out before it is told.
 *
 * @returns else why none may
 */
function findProcesses({ state, path, status, reason }: FoundHost): ProcessIdentity[] | string {
  if (state === "unusable") return reason ?? "it is no host";
  if (status !== undefined && status.namespace !== pidNamespace()) {
    return "it lives in another container";
  }
  const listener = findListener(path);
  const host = listener === undefined ? undefined : identifyProcess(listener);
  if (host === undefined)
    return "the process that listens at its socket is not to be seen from here";
  if (status === undefined) return [host];
  if (host.pid !== status.pid || host.startTicks !== status.startTicks) {
    return `it says that it is process ${status.pid}, and process ${host.pid} listens at its socket`;
  }
  const { pythonPid } = status;
  const python =
    pythonPid !== undefined && parentOf(pythonPid) === host.pid
      ? identifyProcess(pythonPid)
      : undefined;
  return python === undefined ? [host] : [host, python];
}

async function closes(socket: Socket, limitMs: number): Promise<boolean> {
  const closed = Promise.withResolvers<boolean>();
  socket.once("close", () => closed.resolve(true));
  socket.resume();
  return await Promise.race([closed.promise, wait(limitMs, false, { ref: false })]);
}

async function areGone(processes: readonly ProcessIdentity[], limitMs: number): Promise<boolean> {
  const end = performance.now() + limitMs;
  while (processes.some(isSameRunning)) {
    if (performance.now() > end) return false;
    await wait(LOOK_MS);
  }
  return true;
}
