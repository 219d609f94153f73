/** What happened in a run, in the order of happening: each line has the digest of the one before. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { InvalidArgumentError } from "../../errors.ts";
import { canonicalJson, type Json, sha256 } from "./canonical-json.ts";
import { GrowingFile } from "./durable-files.ts";
import { RunError } from "./run-error.ts";

export const JOURNAL = "journal.jsonl";

const OWN_FIELDS = ["n", "at", "kind", "prev"] as const;

/** A line. */
export interface JournalEntry {
  /** From 0. */
  readonly n: number;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** `opened`, `chunk`, `resumed`, `finished`, and what a study adds. */
  readonly kind: string;
  /** Digest of the line before; of the first, the id of the study. */
  readonly prev: string;
  readonly [field: string]: Json | undefined;
}

/** A journal as it stands in its file. */
export interface ReadJournal {
  readonly entries: readonly JournalEntry[];
  /** Bytes of the whole lines; what follows is a line that a crash has torn. */
  readonly length: number;
}

/**
 * Reads a journal and follows its chain.
 *
 * @param studyId what the first line has as `prev`
 * @throws RunError `run_damaged`: a line was changed, taken out or put in
 */
export async function readJournal(folder: string, studyId: string): Promise<ReadJournal> {
  const bytes = await readFile(join(folder, JOURNAL));
  const length = bytes.lastIndexOf("\n") + 1;
  const lines = bytes.toString("utf8", 0, length).split("\n").slice(0, -1);
  let prev = studyId;
  const entries = lines.map((line, n) => {
    const entry = parseLine(line);
    if (entry?.n !== n || entry.prev !== prev || canonicalJson(entry) !== line) {
      const what = `${JOURNAL} line ${n + 1} does not follow from the one before: the journal was changed`;
      throw new RunError("run_damaged", folder, what);
    }
    prev = sha256(line);
    return entry;
  });
  return { entries, length };
}

function parseLine(line: string): JournalEntry | undefined {
  try {
    return JSON.parse(line) as JournalEntry; // checked by the chain: nobody else writes such lines
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** A journal that is written. */
export class Journal {
  readonly #file: GrowingFile;
  #prev: string;
  #count: number;

  private constructor(file: GrowingFile, prev: string, count: number) {
    this.#file = file;
    this.#prev = prev;
    this.#count = count;
  }

  /** @param read what stands there, or undefined for a new one */
  static async open(folder: string, studyId: string, read?: ReadJournal): Promise<Journal> {
    const last = read?.entries.at(-1);
    const prev = last === undefined ? studyId : sha256(canonicalJson(last));
    const file = await GrowingFile.open(join(folder, JOURNAL), read?.length ?? 0);
    return new Journal(file, prev, read?.entries.length ?? 0);
  }

  /**
   * Resolves when the disk has the line.
   *
   * @throws InvalidArgumentError a field has the name of one that each line has
   */
  async append(kind: string, fields: object): Promise<void> {
    const taken = OWN_FIELDS.find((name) => name in fields);
    if (taken !== undefined) {
      throw new InvalidArgumentError(taken, "of another name: each line has one", fields);
    }
    const at = new Date().toISOString();
    const line = canonicalJson({ ...fields, n: this.#count, at, kind, prev: this.#prev });
    await this.#file.append(`${line}\n`);
    this.#prev = sha256(line);
    this.#count += 1;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}
