import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import type { Server } from "node:net";
import { join } from "node:path";
import { factsBundle } from "../../display/facts.ts";
import { GrymError, InvalidArgumentError } from "../../errors.ts";
import { showAs } from "../../shown-object.ts";
import { canonicalJson, type Json, sha256 } from "./canonical-json.ts";
import { GrowingFile, writeWhole } from "./durable-files.ts";
import type { Journal, JournalEntry } from "./journal.ts";
import { toLines } from "./opening.ts";
import { type AppendedRows, WORK } from "./resume.ts";
import { RunError, toRunError } from "./run-error.ts";
import { readRows } from "./run-files.ts";
import { RESULTS, type Seal, sealFiles } from "./seal.ts";

/** Files that take rows. */
const ROWS = /^((outcomes|answers|spread)\/[\w.@-]+|cost)\.jsonl$/;

/** A run whose folder is ready to be written, or sealed. */
export interface OpenedRun {
  readonly folder: string;
  readonly studyId: string;
  readonly state: "new" | "resumed" | "sealed";
  readonly history: readonly JournalEntry[];
  /** Those that are finished. */
  readonly chunks: Iterable<string>;
  /** Files that have rows already. */
  readonly files: Map<string, GrowingFile>;
  /** Of a sealed run there is none to write to. */
  readonly journal: Journal | undefined;
  /** Closed with the run. */
  readonly lock: Server;
}

/**
 * The directory of a comparison: what was fixed before the first clip, what happened, every outcome, and
 * at the end a seal over all of it. Whatever was acknowledged survives a kill of the process or the machine.
 */
export class RunDirectory {
  readonly folder: string;
  /** sha256 of the design. */
  readonly studyId: string;
  /** Of rows that are there already, `resumed`; nothing more can be written to one that is `sealed`. */
  readonly state: OpenedRun["state"];
  /** What happened before it was opened. */
  readonly history: readonly JournalEntry[];
  readonly #chunks: Set<string>;
  readonly #files: Map<string, GrowingFile>;
  readonly #journal: Journal | undefined;
  readonly #lock: Server;
  #queue: Promise<unknown> = Promise.resolve();
  #fault: unknown;

  /** @param opened by `openRun` */
  constructor({ folder, studyId, state, history, chunks, files, journal, lock }: OpenedRun) {
    this.folder = folder;
    this.studyId = studyId;
    this.state = state;
    this.history = history;
    this.#chunks = new Set(chunks);
    this.#files = files;
    this.#journal = journal;
    this.#lock = lock;
    showAs(this, (run) => {
      const chunks = run.#chunks.size;
      return factsBundle("Run", {
        folder: run.folder,
        state: run.state,
        study: run.studyId,
        chunks,
      });
    });
  }

  /** Chunks that are finished, now or in an earlier life. */
  get chunks(): ReadonlySet<string> {
    return this.#chunks;
  }

  /**
   * Adds the rows of a chunk, all of them or none; resolves when the disk has them.
   *
   * @param chunk a name of its own
   * @param rows by file: `outcomes/linear.gama.jsonl`, `answers/gama.jsonl`, `cost.jsonl`
   * @param work files for later tasks, by path below `work/`; they go when the run is sealed
   * @throws InvalidArgumentError a file of another name, or rows that JSON would change
   * @throws RunError `run_sealed`; `run_changed`: the chunk is finished already; `run_unwritable`
   */
  async appendChunk(
    chunk: string,
    rows: Readonly<Record<string, readonly unknown[]>>,
    work: Readonly<Record<string, Uint8Array>> = {},
  ): Promise<void> {
    const texts = Object.entries(rows).map(([path, each]) => [path, toLines(each)] as const);
    for (const [path] of texts) {
      if (!ROWS.test(path)) throw new InvalidArgumentError("file", `like ${ROWS.source}`, path);
    }
    await this.#inTurn(async (journal) => {
      if (this.#chunks.has(chunk)) {
        throw new RunError("run_changed", this.folder, `The chunk ${chunk} is finished already`);
      }
      const files: Record<string, AppendedRows> = {};
      for (const [name, bytes] of Object.entries(work)) {
        const path = `${WORK}/${name}`;
        await writeWhole(join(this.folder, path), bytes);
        files[path] = { to: bytes.length, sha256: sha256(bytes) };
      }
      for (const [path, text] of texts) {
        const file = await this.#fileOf(path);
        await file.append(text);
        files[path] = { to: file.length, sha256: sha256(text) };
      }
      // Only now does it count: rows without this line are cut off when the run is opened again.
      await journal.append("chunk", { chunk, files });
      this.#chunks.add(chunk);
    });
  }

  /** Adds a line to the journal: a block, a retry, a failure with the tail of stderr. */
  async note(kind: string, fields: object): Promise<void> {
    await this.#inTurn((journal) => journal.append(kind, fields));
  }

  /** The rows of a file so far. */
  async rows(path: string): Promise<Json[]> {
    await this.#queue;
    return existsSync(join(this.folder, path)) ? await readRows(this.folder, path) : [];
  }

  /**
   * Writes the results, and closes the run for ever.
   *
   * @param results a function of the other files: nothing that another reading would give otherwise
   * @param end what is known at the end: load of the machine, seconds
   */
  async seal(
    results: object,
    end: object = {},
    { keepFeatures = false }: { readonly keepFeatures?: boolean } = {},
  ): Promise<Seal> {
    return await this.#inTurn(async (journal) => {
      await writeWhole(join(this.folder, RESULTS), canonicalJson(results, "results"));
      if (!keepFeatures) await rm(join(this.folder, WORK), { recursive: true, force: true });
      await journal.append("finished", { ...end, keepFeatures });
      const seal = await sealFiles(this.folder);
      this.#fault = new RunError(
        "run_sealed",
        this.folder,
        "The run is sealed: start anew with `fresh`",
      );
      return seal;
    });
  }

  /** Gives the lock back; what was acknowledged is on the disk already. */
  async close(): Promise<void> {
    await this.#queue;
    this.#fault ??= new RunError("run_sealed", this.folder, "This object of the run was closed");
    for (const file of this.#files.values()) await file.close();
    this.#files.clear();
    await this.#journal?.close();
    const closed = Promise.withResolvers<void>();
    this.#lock.close(() => closed.resolve());
    await closed.promise;
  }

  async #fileOf(path: string): Promise<GrowingFile> {
    const known = this.#files.get(path);
    if (known !== undefined) return known;
    const file = await GrowingFile.open(join(this.folder, path), 0);
    this.#files.set(path, file);
    return file;
  }

  /** One after the other: a line of the journal speaks of all bytes before it. */
  async #inTurn<T>(work: (journal: Journal) => Promise<T>): Promise<T> {
    const turn = this.#queue.then(async () => {
      if (this.#fault !== undefined || this.#journal === undefined) {
        throw this.#fault ?? new RunError("run_sealed", this.folder, "The run is sealed");
      }
      try {
        return await work(this.#journal);
      } catch (error) {
        if (error instanceof GrymError) throw error; // refused before anything was written
        // Half a chunk may stand in a file: opening the run again cuts it off.
        this.#fault = toRunError(error, this.folder);
        throw this.#fault;
      }
    });
    this.#queue = turn.catch(() => undefined);
    return await turn;
  }
}
