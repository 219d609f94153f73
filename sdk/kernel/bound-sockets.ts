/**
 * The sockets of this kernel, bound while the rest of the worker thread is still read: a client that finds
 * nobody comes again only after 100 to 200 ms (libzmq's `reconnect_ivl_t`).
 */

import { workerData } from "node:worker_threads";
import { readConnectionFile } from "./connection.ts";
import { note } from "./kernel-notes.ts";
import { Sockets } from "./sockets.ts";

const { connectionFile }: { connectionFile: string } = workerData;

export const bound: Promise<Sockets> = Sockets.bind(readConnectionFile(connectionFile), (reason) =>
  note(`could not send: ${reason}`),
);
