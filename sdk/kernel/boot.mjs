/**
 * Starts a thread of the kernel: `node FLAGS boot.mjs CONNECTION_FILE`, and the worker likewise.
 *
 * Plain JavaScript, since the cache of compiled modules has to be open before the first TypeScript
 * is read: from it the kernel starts in a third of the time and never loads Node's type stripper.
 */

import { lstatSync, mkdirSync } from "node:fs";
import { enableCompileCache, flushCompileCache } from "node:module";
import { join } from "node:path";
import { isMainThread } from "node:worker_threads";
import { cacheFolder } from "../cache-folder.mjs";

/** When a kernel that will not end properly has written its share, too. */
const FLUSH_AFTER_MS = 5000;

/**
 * Folder of compiled modules, or undefined where none can be had: then everything is compiled anew.
 * It holds code that will run, so it has to belong to this user and be closed to all others. Node
 * keeps versions apart and renames whole files into place, so kernels share it.
 */
function compileFolder() {
  const folder = join(cacheFolder(), "compiled");
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const { mode, uid } = lstatSync(folder);
    const isFolder = (mode & 0o170000) === 0o040000;
    return isFolder && uid === process.getuid?.() && (mode & 0o022) === 0 ? folder : undefined;
  } catch {
    return undefined; // a cache that cannot be made is no reason not to start
  }
}

const folder = compileFolder();
if (folder !== undefined) {
  enableCompileCache(folder);
  setTimeout(flushCompileCache, FLUSH_AFTER_MS).unref();
}
if (isMainThread) {
  await import("./protocol-thread.ts");
  await import("./main.ts");
} else {
  await import("./bound-sockets.ts");
  await import("./worker.ts");
}
