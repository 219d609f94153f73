/** One host per name: whoever listens at the name's abstract socket has it, and loses it when it dies. */
import { createHash } from "node:crypto";
import { createServer, type Server } from "node:net";

/**
 * Takes the name of a host.
 *
 * The socket file alone cannot decide: two starters that both find the stale one of a dead host would each
 * remove what the other has just made. An abstract socket has no file; the kernel gives it to one process,
 * and takes it back in whatever way that process ends.
 *
 * @param path of the socket file that the name stands for
 * @param onKnock someone looked for the host and did not find its socket file
 * @returns undefined: another process has it
 */
export async function lockName(path: string, onKnock: () => void): Promise<Server | undefined> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    socket.destroy(); // anyone on this machine may come here; there is nothing to be had
    onKnock();
  });
  const listening = Promise.withResolvers<boolean>();
  server.once("listening", () => listening.resolve(true));
  server.once("error", (error) => {
    if ("code" in error && error.code === "EADDRINUSE") listening.resolve(false);
    else listening.reject(error);
  });
  server.listen(lockAddress(path));
  return (await listening.promise) ? server : undefined;
}

/** Where the lock of a name is; a zero byte first makes it abstract (unix(7)). Each user has names of his own. */
export function lockAddress(path: string): string {
  const name = `${process.getuid?.()} ${path}`;
  return `\0grym-synth-${createHash("sha256").update(name).digest("hex").slice(0, 32)}`;
}
