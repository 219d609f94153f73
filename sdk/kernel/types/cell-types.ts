/** The types of the session's cells: checked before they run, known after, asked about between. */

import { within } from "../deadline.ts";
import type { ErrorReport } from "../thread-messages.ts";
import { CellChain } from "./cell-chain.ts";
import { CellFolder } from "./cell-folder.ts";
import { LanguageServerError } from "./language-server.ts";
import { LocalFiles } from "./local-files.ts";
import { findTsc } from "./tsc-binary.ts";
import { countedErrors, refusal, unknownNames, warning } from "./type-errors.ts";
import { type KernelSettings, policyOf, type TypePolicy } from "./type-policy.ts";
import { type Diagnostic, TypeServer } from "./type-server.ts";

/** The longest that a check may hold up a cell, or its end, where no cell has set it. */
const CHECK_TIMEOUT_MS = 500;
/** Ends of the server after which the kernel gives up on it. */
const MAX_ENDS = 3;
/** Resident bytes at which the server is replaced by a fresh one: more than its own limit leaves it. */
const MEMORY_LIMIT = 150e6;

/** A cell about to run. */
export interface CheckedCell {
  readonly cell: number;
  /** As in `Cell [n]`. */
  readonly line: number;
  readonly source: string;
  /** Aborts when the cell is interrupted: then nothing of its types is waited for. */
  readonly signal: AbortSignal;
}

/** What the types need from the rest of the kernel. */
export interface CellTypesContext {
  /** Those of the names that hold a value; undefined when the main thread does not answer in time. */
  heldGlobals(names: readonly string[], limitMs: number): Promise<ReadonlySet<string> | undefined>;
  /** Writes to the error stream of a cell. */
  tell(cell: number, text: string): void;
  /** Path of the compiler. @default the one of the installed package, {@link findTsc} */
  findTsc?(): string | undefined;
  /** Resident bytes of the server at which a fresh one takes its place. @default {@link MEMORY_LIMIT} */
  readonly memoryLimit?: number;
}

export class CellTypes {
  readonly #context: Required<CellTypesContext>;
  readonly #files = new LocalFiles();
  readonly #notes: string[] = [];
  #policy: TypePolicy;
  #timeoutMs = CHECK_TIMEOUT_MS;
  #executable: string | undefined;
  #folder: CellFolder | undefined;
  #chain: CellChain | undefined;
  #server: Promise<TypeServer> | undefined;
  #renewing = false;
  #isOpen = false;
  #ends = 0;
  #memoryLimit: number;
  /** The server was replaced, and has not been asked yet. */
  #isFresh = false;
  /** Settles when the running cell's errors, if they come late, have been told. */
  #telling: Promise<void> = Promise.resolve();

  constructor(context: CellTypesContext, env: NodeJS.ProcessEnv = process.env) {
    this.#context = { findTsc, memoryLimit: MEMORY_LIMIT, ...context };
    this.#memoryLimit = this.#context.memoryLimit;
    const { policy, note } = policyOf(env);
    this.#policy = policy;
    if (note !== undefined) this.#notes.push(note);
  }

  /** Takes settings for the cells to come. */
  set({ types, checkTimeoutMs }: KernelSettings): void {
    this.#policy = types ?? this.#policy;
    this.#timeoutMs = checkTimeoutMs ?? this.#timeoutMs;
  }

  /** Starts the server, if it does not run yet, before the first cell needs it. */
  start(): void {
    if (this.#policy === "off" || this.#server !== undefined) return;
    void this.ask(() => Promise.resolve());
  }

  /** Checks a cell; a report when the policy forbids to run it. */
  async check(checked: CheckedCell): Promise<ErrorReport | undefined> {
    const { cell, line, source, signal } = checked;
    this.#open();
    for (const note of this.#notes.splice(0)) this.#context.tell(cell, `${note}\n`);
    if (this.#policy === "off" || /^\s*\/\/\s*@ts-nocheck/.test(source)) return undefined;
    const label = `Cell [${line}]`;
    const errors = this.#errorsOf(source);
    const isWaitedFor = this.#policy === "block";
    const found = isWaitedFor ? await within(errors, this.#timeoutMs, signal) : undefined;
    if (found !== undefined) return found.length > 0 ? refusal(found, label, source) : undefined;
    if (signal.aborted) return undefined; // it will not run
    this.#telling = errors.then((late) => {
      if (late.length > 0) this.#context.tell(cell, warning(late, label, source));
    });
    return undefined;
  }

  /** Notes what a cell that ran has declared; of one that failed only what has come to hold a value. */
  async ran(checked: CheckedCell, succeeded: boolean): Promise<void> {
    try {
      await within(this.#telling, this.#timeoutMs, checked.signal);
      await this.#keep(checked, succeeded);
    } catch (error) {
      // A full disk, say: later cells are checked without it, and no cell waits for ever.
      this.#notes.push(`The types of Cell [${checked.line}] were not kept: ${String(error)}`);
    }
  }

  /**
   * Asks the server about a cell's text as it is being written.
   *
   * @returns undefined where there is no server, or it fails
   */
  async ask<T>(
    question: (server: TypeServer, chain: CellChain) => Promise<T>,
  ): Promise<T | undefined> {
    this.#open();
    // Twice: the server may have been replaced, or have ended, while it was asked.
    for (let attempt = 1; attempt <= 2; attempt++) {
      const [executable, folder, chain] = [this.#executable, this.#folder, this.#chain];
      if (executable === undefined || folder === undefined || chain === undefined) break;
      this.#server ??= TypeServer.start(executable, folder);
      const asked = this.#server;
      try {
        const server = await asked;
        server.changed(this.#files.takeChanged());
        return await question(server, chain);
      } catch (error) {
        if (!(error instanceof LanguageServerError)) throw error;
        if (this.#server === asked) await this.#forget(asked, error);
      }
    }
    return undefined;
  }

  /** Ends the server and removes the folder. */
  close(): void {
    this.#executable = undefined;
    this.#server?.then((server) => server.close()).catch(() => undefined); // it has ended already
    this.#folder?.remove();
  }

  /** Makes the folder of the cells, once. */
  #open(): void {
    if (this.#isOpen) return;
    this.#isOpen = true;
    const executable = this.#context.findTsc();
    if (executable === undefined) {
      this.#notes.push(
        "TypeScript's compiler for this platform is not installed, so types are neither checked nor completed. " +
          "`npm install typescript` in the folder of grym-synth brings it.",
      );
      return;
    }
    try {
      this.#folder = new CellFolder(process.cwd());
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      this.#notes.push(`Types are not checked: no folder for them in the cache (${reason}).`);
      return;
    }
    this.#executable = executable;
    this.#chain = new CellChain(this.#folder);
  }

  async #keep({ cell, source }: CheckedCell, succeeded: boolean): Promise<void> {
    const chain = this.#chain;
    if (chain === undefined) return;
    this.#files.note(source);
    const names = succeeded ? [] : chain.declared(source);
    const held =
      names.length === 0 ? undefined : await this.#context.heldGlobals(names, this.#timeoutMs);
    chain.add(cell, source, (name) => succeeded || (held?.has(name) ?? false));
    void this.#renewIfLarge();
  }

  async #errorsOf(source: string): Promise<readonly Diagnostic[]> {
    this.#files.note(source);
    // Made now: later cells, which may run before the server answers, are none of this one's concern.
    const document = this.#chain?.document(source);
    if (document === undefined) return [];
    const answer = await this.ask((server) => server.diagnostics(document));
    if (answer === undefined && this.#executable !== undefined) {
      this.#notes.push(
        "The types of the cell before were not checked: the language server failed.",
      );
    }
    const diagnostics = answer ?? [];
    const names = unknownNames(diagnostics);
    const held =
      names.length === 0 ? undefined : await this.#context.heldGlobals(names, this.#timeoutMs);
    return countedErrors(diagnostics, source, (name) => held === undefined || held.has(name));
  }

  async #forget(ended: Promise<TypeServer>, error: LanguageServerError): Promise<void> {
    const server = await ended.catch(() => undefined);
    if (server?.hasEnded === false) return; // it has only refused one question
    this.#server = undefined;
    this.#ends++;
    if (this.#ends < MAX_ENDS) return;
    this.#executable = undefined;
    this.#notes.push(`Types are no longer checked: ${error.message}, ${this.#ends} times.`);
  }

  /** The server keeps what it has read; a fresh one reads only what is still in use. */
  async #renewIfLarge(): Promise<void> {
    const [executable, folder] = [this.#executable, this.#folder];
    const old = await this.#server?.catch(() => undefined);
    if (this.#renewing || executable === undefined || folder === undefined) return;
    const memory = old?.memory ?? 0;
    // What is in use stays, however fresh the server is.
    if (this.#isFresh) this.#memoryLimit = Math.max(this.#context.memoryLimit, 1.5 * memory);
    this.#isFresh = false;
    if (memory < this.#memoryLimit) return;
    this.#renewing = true;
    try {
      const fresh = await TypeServer.start(executable, folder);
      if (this.#executable === undefined) return fresh.close(); // the kernel has ended meanwhile
      this.#server = Promise.resolve(fresh);
      this.#isFresh = true;
      old?.close();
    } catch (error) {
      if (!(error instanceof LanguageServerError)) throw error; // the old one goes on
    } finally {
      this.#renewing = false;
    }
  }
}
