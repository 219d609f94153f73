/** Where hosts are found: a socket for each name, in a folder that is the user's alone. */
import { createHash } from "node:crypto";
import { lstatSync, mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import { cacheFolder } from "../../cache-folder.mjs";
import { HostError, InvalidArgumentError } from "../../errors.ts";
import { machineId } from "./proc.ts";

export const DEFAULT_HOST = "default";
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,31}$/;
/** Digits that stand for the machine in a socket's name: a home folder may be shared by several. */
const MACHINE_DIGITS = 8;
/** Longest path of a Unix socket, bytes (unix(7): 108 with its end). */
const MAX_PATH_BYTES = 107;

/** @throws InvalidArgumentError not a name that a file may have everywhere */
export function checkName(name: string): string {
  if (NAME.test(name)) return name;
  const expected =
    "up to 32 letters, digits, dots, dashes and underscores, a letter or digit first";
  throw new InvalidArgumentError("host.name", expected, name);
}

/**
 * Folders that hosts may be in: the first is where a new one goes.
 *
 * The runtime folder of the session; where there is none (a container, `su`), the cache folder. Both are
 * listed, since a terminal may have none where the notebook has one.
 */
export function hostFolders(env: NodeJS.ProcessEnv = process.env): string[] {
  const runtime = env["XDG_RUNTIME_DIR"];
  const folders = [resolve(cacheFolder(env), "run")];
  if (runtime && isFolder(runtime)) folders.unshift(resolve(runtime, "grym-synth"));
  return folders;
}

/**
 * Makes the folder where it is missing.
 *
 * @throws HostError others could enter it, or it cannot be made
 */
export function openHostFolder(env: NodeJS.ProcessEnv = process.env): string {
  const [folder = ""] = hostFolders(env);
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new HostError(`The folder ${folder} for the sockets of hosts cannot be made`, error);
  }
  checkFolder(folder);
  return folder;
}

/** @throws HostError it is no folder, another user's, or others could enter it */
export function checkFolder(folder: string): void {
  const stats = lstatSync(folder);
  if (!stats.isDirectory() || stats.uid !== process.getuid?.()) {
    throw new HostError(`${folder}, where the sockets of hosts lie, is not a folder of yours`);
  }
  if ((stats.mode & 0o077) === 0) return;
  throw new HostError(
    `The folder ${folder} for the sockets of hosts has to be yours alone: run \`chmod 700 ${folder}\``,
  );
}

/** @throws HostError the path is longer than a socket's may be */
export function socketPath(folder: string, name: string): string {
  const path = join(folder, checkName(name) + suffix());
  if (Buffer.byteLength(path) <= MAX_PATH_BYTES) return path;
  throw new HostError(
    `${path} is too long for a socket (${MAX_PATH_BYTES} bytes): set XDG_RUNTIME_DIR or GRYM_CACHE to a shorter one`,
  );
}

/** The host's name that a file in the folder stands for; undefined: of none, or of another machine's. */
export function nameOfSocket(file: string): string | undefined {
  const end = suffix();
  const name = file.endsWith(end) ? file.slice(0, -end.length) : "";
  return NAME.test(name) ? name : undefined;
}

/** Names have no `@`. */
function suffix(): string {
  const machine = createHash("sha256").update(machineId()).digest("hex");
  return `@${machine.slice(0, MACHINE_DIGITS)}.sock`;
}

function isFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
