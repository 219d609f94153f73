/** What the kernel asks of TypeScript's language server about one document, the current cell. */

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
import type { CellDocument } from "./cell-chain.ts";
import type { CellLanguage } from "./cell-declarations.ts";
import type { CellFolder } from "./cell-folder.ts";
import { LanguageServer } from "./language-server.ts";

/** A place in a document; both numbers from 0, characters in UTF-16 units. */
export interface Place {
  readonly line: number;
  readonly character: number;
}

/** The field of LSP's `Diagnostic` that the kernel reads. */
export interface Diagnostic {
  readonly code: number;
  readonly message: string;
  readonly severity: number;
  readonly range: { readonly start: Place };
}

/** The fields of LSP's `CompletionItem` that the kernel reads; the rest goes back for `resolve`. */
export interface CompletionItem {
  readonly label: string;
  readonly kind?: number;
  readonly sortText?: string;
  readonly detail?: string;
  readonly documentation?: string | { readonly value: string };
  readonly insertText?: string;
  /** TypeScript's own; `autoImport` marks a name that is not imported yet. */
  readonly data?: { readonly autoImport?: unknown };
}

/** Where a name is declared, as LSP's `LocationLink` says it. */
export interface Definition {
  readonly targetUri: string;
  /** The whole declaration. */
  readonly targetRange: { readonly start: Place; readonly end: Place };
}

/** A signature of the call around a place. */
export interface Signature {
  readonly label: string;
  readonly documentation?: string | { readonly value: string };
}

const MARKDOWN = ["markdown", "plaintext"];
const CAPABILITIES = {
  textDocument: {
    completion: { completionItem: { documentationFormat: MARKDOWN, labelDetailsSupport: true } },
    hover: { contentFormat: MARKDOWN },
    signatureHelp: { signatureInformation: { documentationFormat: MARKDOWN } },
    definition: { linkSupport: true },
    diagnostic: {},
  },
};

/**
 * Names of modules that are not imported are not offered, so the server need not look through all packages
 * for them: in the background, after an import, that took 0.3 to 0.6 s of a core and 80 MB. Diagnostics are
 * asked for.
 */
const INITIALIZATION = {
  disablePushDiagnostics: true,
  userPreferences: { includeCompletionsForModuleExports: false },
};

export class TypeServer {
  readonly #server: LanguageServer;
  readonly #documents: Readonly<Record<CellLanguage, { readonly uri: string; version: number }>>;
  readonly #root: string;

  private constructor(server: LanguageServer, folder: CellFolder) {
    this.#server = server;
    const document = (language: CellLanguage): { uri: string; version: number } => ({
      uri: pathToFileURL(folder.current(language)).href,
      version: 0,
    });
    this.#documents = { ts: document("ts"), tsx: document("tsx") };
    this.#root = pathToFileURL(folder.root).href;
  }

  /** Starts a server and lets it read the standard library, which every cell needs. @throws LanguageServerError */
  static async start(executable: string, folder: CellFolder): Promise<TypeServer> {
    const server = new LanguageServer(executable, folder.root);
    const rootUri = pathToFileURL(folder.root).href;
    await server.request("initialize", {
      processId: process.pid,
      rootUri,
      capabilities: CAPABILITIES,
      initializationOptions: INITIALIZATION,
    });
    server.notify("initialized", {});
    const types = new TypeServer(server, folder);
    await types.diagnostics({ text: "\nexport {};", language: "ts" });
    return types;
  }

  get hasEnded(): boolean {
    return this.#server.hasEnded;
  }

  /** Process id. */
  get pid(): number | undefined {
    return this.#server.pid;
  }

  /** Resident memory in bytes; undefined where the system does not tell it in /proc. */
  get memory(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
      return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
    } catch {
      return undefined;
    }
  }

  /** @throws LanguageServerError */
  async diagnostics(document: CellDocument): Promise<readonly Diagnostic[]> {
    const report = await this.#ask("textDocument/diagnostic", document);
    return (report as { items?: Diagnostic[] } | null)?.items ?? []; // LSP's DocumentDiagnosticReport
  }

  /** @throws LanguageServerError */
  async completion(document: CellDocument, position: Place): Promise<readonly CompletionItem[]> {
    const answer = await this.#ask("textDocument/completion", document, { position });
    if (Array.isArray(answer)) return answer as CompletionItem[]; // LSP allows both forms
    return (answer as { items?: CompletionItem[] } | null)?.items ?? [];
  }

  /** The item with its signature and documentation. @throws LanguageServerError */
  async resolve(item: CompletionItem): Promise<CompletionItem> {
    return (await this.#server.request("completionItem/resolve", item)) as CompletionItem; // as LSP says
  }

  /** Markdown about the name at a place, or undefined. @throws LanguageServerError */
  async hover(document: CellDocument, position: Place): Promise<string | undefined> {
    const answer = await this.#ask("textDocument/hover", document, { position });
    return (answer as { contents?: { value?: string } } | null)?.contents?.value; // MarkupContent
  }

  /** Declarations of the name at a place. @throws LanguageServerError */
  async definitions(document: CellDocument, position: Place): Promise<readonly Definition[]> {
    const answer = await this.#ask("textDocument/definition", document, { position });
    return Array.isArray(answer) ? (answer as Definition[]) : []; // links, as we said we take them
  }

  /** The signature that the call around a place would take. @throws LanguageServerError */
  async signature(document: CellDocument, position: Place): Promise<Signature | undefined> {
    const answer = await this.#ask("textDocument/signatureHelp", document, { position });
    const help = answer as { signatures?: Signature[]; activeSignature?: number } | null; // SignatureHelp
    return help?.signatures?.[help.activeSignature ?? 0];
  }

  /** Whether a definition lies in the document itself. */
  isOwn({ targetUri }: Definition): boolean {
    return Object.values(this.#documents).some(({ uri }) => uri === targetUri);
  }

  /** Whether a definition lies in the document of any cell. */
  isCell({ targetUri }: Definition): boolean {
    return targetUri.startsWith(this.#root);
  }

  /** Files that were edited outside. */
  changed(paths: readonly string[]): void {
    if (paths.length === 0) return;
    const changes = paths.map((path) => ({ uri: pathToFileURL(path).href, type: 2 }));
    this.#server.notify("workspace/didChangeWatchedFiles", { changes });
  }

  close(): void {
    this.#server.close();
  }

  /** Text and question go out together, so that no other text comes between them. */
  #ask(method: string, document: CellDocument, parameters: object = {}): Promise<unknown> {
    const { uri } = this.#setText(document);
    return this.#server.request(method, { textDocument: { uri }, ...parameters });
  }

  #setText({ text, language }: CellDocument): { readonly uri: string } {
    const document = this.#documents[language];
    const { uri } = document;
    const version = ++document.version;
    if (version === 1) {
      const languageId = language === "tsx" ? "typescriptreact" : "typescript";
      this.#server.notify("textDocument/didOpen", {
        textDocument: { uri, version, languageId, text },
      });
    } else {
      const textDocument = { uri, version };
      this.#server.notify("textDocument/didChange", { textDocument, contentChanges: [{ text }] });
    }
    return document;
  }
}
