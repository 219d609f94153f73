import { existsSync } from "node:fs";
import { mkdir, realpath } from "node:fs/promises";
import type { Server } from "node:net";
import { join } from "node:path";
import { lockName } from "../../bridge/host/name-lock.ts";
import { sha256 } from "./canonical-json.ts";
import { GrowingFile, writeWhole } from "./durable-files.ts";
import { JOURNAL, Journal, type ReadJournal, readJournal } from "./journal.ts";
import { OPENING_FILES, type RunOpening, toFiles } from "./opening.ts";
import {
  dropUnfinished,
  findChanges,
  readProgress,
  refuseChanges,
  verifyOpening,
  WORK,
} from "./resume.ts";
import { RunDirectory } from "./run-directory.ts";
import { RunError, toRunError } from "./run-error.ts";
import { SEAL, verifySeal } from "./seal.ts";

/** How a run is opened. */
export interface OpenRunOptions {
  /**
   * Begin another one, even where one was begun or sealed under the same conditions.
   * @default false
   */
  readonly fresh?: boolean | undefined;
}

/** A folder for this study, and what is to be written there. */
interface Place {
  readonly folder: string;
  readonly files: ReadonlyMap<string, string>;
  readonly studyId: string;
  readonly lock: Server;
}

const ID_DIGITS = 8;

/** Line of the journal of a run that cannot go on with its clips. */
export const REFUSED = "refused";

/**
 * Opens `<parent>/<name>-<first digits of the study's id>`, and writes its opening if it is new.
 *
 * The same study under the same conditions comes back to its folder, finished or not. Under others an
 * unfinished run is refused; beside a sealed one, and one that was refused for what its clips are, the new
 * run gets a folder of its own (`…-2`).
 *
 * @throws RunError `run_locked`: another process writes it; `run_changed`: it was begun under other
 *   conditions; `run_damaged`: its files are not what its journal or its seal says; `run_unwritable`
 * @throws InvalidArgumentError the opening is not what JSON holds
 */
export async function openRun(
  parent: string,
  opening: RunOpening,
  { fresh = false }: OpenRunOptions = {},
): Promise<RunDirectory> {
  const files = toFiles(opening);
  const studyId = sha256(files.get(OPENING_FILES.study) ?? "");
  await mkdir(parent, { recursive: true });
  const base = join(await realpath(parent), `${opening.name}-${studyId.slice(0, ID_DIGITS)}`);
  const lock = await lockName(`run ${base}`, () => undefined);
  if (lock === undefined) {
    const what = "Another process writes this run: wait for it, or end it";
    throw new RunError("run_locked", base, what);
  }
  lock.unref(); // a run that is forgotten keeps no process alive
  try {
    const last = countFolders(base);
    const place = (number: number): Place => ({
      folder: nameOf(base, number),
      files,
      studyId,
      lock,
    });
    if (last === 0 || fresh) return await begin(place(last + 1));
    return (await comeBack(place(last))) ?? (await begin(place(last + 1)));
  } catch (error) {
    lock.close();
    throw toRunError(error, base);
  }
}

const nameOf = (base: string, number: number): string =>
  number === 1 ? base : `${base}-${number}`;

function countFolders(base: string): number {
  let count = 0;
  while (existsSync(nameOf(base, count + 1))) count += 1;
  return count;
}

async function begin({ folder, files, studyId, lock }: Place): Promise<RunDirectory> {
  for (const [path, text] of files) await writeWhole(join(folder, path), text);
  const journal = await Journal.open(folder, studyId);
  const digests = [...files].map(([path, text]) => [path, sha256(text)] as const);
  await journal.append("opened", { files: Object.fromEntries(digests) });
  const nothing = { history: [], chunks: [], files: new Map() };
  return new RunDirectory({ folder, studyId, state: "new", ...nothing, journal, lock });
}

/** @returns undefined: it is sealed or was refused, under other conditions */
async function comeBack(place: Place): Promise<RunDirectory | undefined> {
  const { folder, files, studyId, lock } = place;
  const read = existsSync(join(folder, JOURNAL)) ? await readJournal(folder, studyId) : undefined;
  const opened = read?.entries[0]?.["files"];
  // A crash cut the opening short: no clip was heard yet.
  if (read === undefined || typeof opened !== "object") return await begin(place);
  await verifyOpening(folder, { ...opened });
  const changes = await findChanges(folder, files);
  if (existsSync(join(folder, SEAL))) {
    if (changes.length > 0) return undefined;
    await verifySeal(folder);
    return seeSealed(place, read);
  }
  if (changes.length > 0 && read.entries.some(({ kind }) => kind === REFUSED)) return undefined;
  refuseChanges(folder, changes);
  const progress = await readProgress(folder, read.entries);
  const dropped = await dropUnfinished(folder, progress);
  const growing = new Map<string, GrowingFile>();
  for (const [path, length] of progress.lengths) {
    if (path.startsWith(`${WORK}/`)) continue;
    growing.set(path, await GrowingFile.open(join(folder, path), length));
  }
  const journal = await Journal.open(folder, studyId, read);
  await journal.append("resumed", { chunks: progress.chunks.size, dropped });
  const { chunks } = progress;
  const state = { state: "resumed", history: read.entries, chunks } as const;
  return new RunDirectory({ folder, studyId, ...state, files: growing, journal, lock });
}

function seeSealed({ folder, studyId, lock }: Place, { entries }: ReadJournal): RunDirectory {
  const chunks = entries.flatMap(({ kind, chunk }) => (kind === "chunk" ? [String(chunk)] : []));
  const state = { state: "sealed", history: entries, chunks, files: new Map() } as const;
  return new RunDirectory({ folder, studyId, ...state, journal: undefined, lock });
}
