/** What the kernel asks of TypeScript's language server about one document, the current cell. */

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";
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
  readonly labelDetails?: { readonly description?: string };
}

/** LSP's `Location`, or a `LocationLink` in its terms. */
export interface Definition {
  readonly path: string;
  readonly start: Place;
  readonly end: Place;
}

const MARKDOWN = ["markdown", "plaintext"];
const CAPABILITIES = {
  textDocument: {
    completion: { completionItem: { documentationFormat: MARKDOWN, labelDetailsSupport: true } },
    hover: { contentFormat: MARKDOWN },
    signatureHelp: { signatureInformation: { documentationFormat: MARKDOWN } },
    diagnostic: {},
  },
};

export class TypeServer {
  readonly #server: LanguageServer;
  readonly #uri: string;
  #version = 0;

  private constructor(server: LanguageServer, folder: CellFolder) {
    this.#server = server;
    this.#uri = pathToFileURL(folder.current).href;
  }

  /** Starts a server and lets it read the standard library, which every cell needs. @throws LanguageServerError */
  static async start(executable: string, folder: CellFolder): Promise<TypeServer> {
    const server = new LanguageServer(executable, folder.root);
    const rootUri = pathToFileURL(folder.root).href;
    await server.request("initialize", {
      processId: process.pid,
      rootUri,
      capabilities: CAPABILITIES,
    });
    server.notify("initialized", {});
    const types = new TypeServer(server, folder);
    await types.diagnostics("\nexport {};");
    return types;
  }

  get hasEnded(): boolean {
    return this.#server.hasEnded;
  }

  /** Resident memory in bytes; undefined where the system does not tell it in /proc. */
  get memory(): number | undefined {
    try {
      const status = readFileSync(`/proc/${this.#server.pid}/status`, "utf8");
      return 1024 * Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? Number.NaN);
    } catch {
      return undefined;
    }
  }

  /** @throws LanguageServerError */
  async diagnostics(text: string): Promise<readonly Diagnostic[]> {
    const report = await this.#ask("textDocument/diagnostic", text);
    return (report as { items?: Diagnostic[] } | null)?.items ?? []; // LSP's DocumentDiagnosticReport
  }

  /** @throws LanguageServerError */
  async completion(text: string, position: Place): Promise<readonly CompletionItem[]> {
    const answer = await this.#ask("textDocument/completion", text, { position });
    if (Array.isArray(answer)) return answer as CompletionItem[]; // LSP allows both forms
    return (answer as { items?: CompletionItem[] } | null)?.items ?? [];
  }

  /** The item with its signature and documentation. @throws LanguageServerError */
  async resolve(item: CompletionItem): Promise<CompletionItem> {
    return (await this.#server.request("completionItem/resolve", item)) as CompletionItem; // as LSP says
  }

  /** Markdown about the name at a place, or undefined. @throws LanguageServerError */
  async hover(text: string, position: Place): Promise<string | undefined> {
    const answer = await this.#ask("textDocument/hover", text, { position });
    return (answer as { contents?: { value?: string } } | null)?.contents?.value; // MarkupContent
  }

  /** Where the name at a place is defined. @throws LanguageServerError */
  async definition(text: string, position: Place): Promise<unknown> {
    return await this.#ask("textDocument/definition", text, { position });
  }

  /** @throws LanguageServerError */
  async signature(text: string, position: Place): Promise<unknown> {
    return await this.#ask("textDocument/signatureHelp", text, { position });
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
  #ask(method: string, text: string, parameters: object = {}): Promise<unknown> {
    this.#setText(text);
    return this.#server.request(method, { textDocument: { uri: this.#uri }, ...parameters });
  }

  #setText(text: string): void {
    const version = ++this.#version;
    const textDocument = { uri: this.#uri, version };
    if (version === 1) {
      const opened = { ...textDocument, languageId: "typescript", text };
      this.#server.notify("textDocument/didOpen", { textDocument: opened });
    } else {
      this.#server.notify("textDocument/didChange", { textDocument, contentChanges: [{ text }] });
    }
  }
}
