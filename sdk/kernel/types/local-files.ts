/** The local files that cells import, directly or not: the language server has to be told of edits. */

import { readFileSync, statSync } from "node:fs";
import { pathToFileURL } from "node:url";
import { parseSync } from "oxc-parser";
import { localPath } from "../module-loader.ts";

export class LocalFiles {
  /** Path → when and how large it was last seen. */
  readonly #stamps = new Map<string, string>();

  /** Notes what a text imports by relative or absolute path. @param parentUrl of the text; a cell has none */
  note(source: string, parentUrl?: string): void {
    for (const path of importsOf(source, parentUrl)) {
      if (this.#stamps.has(path) || path.includes("/node_modules/")) continue;
      this.#stamps.set(path, stampOf(path));
      this.#noteFile(path);
    }
  }

  /** Files that were edited, made or removed since they were last seen. */
  takeChanged(): readonly string[] {
    const changed = [...this.#stamps].filter(([path, stamp]) => stampOf(path) !== stamp);
    for (const [path] of changed) {
      this.#stamps.set(path, stampOf(path));
      this.#noteFile(path);
    }
    return changed.map(([path]) => path);
  }

  #noteFile(path: string): void {
    if (!/\.[cm]?[jt]sx?$/.test(path)) return;
    let text: string;
    try {
      text = readFileSync(path, "utf8");
    } catch {
      return; // removed, or not ours to read: the run tells it
    }
    this.note(text, pathToFileURL(path).href);
  }
}

function importsOf(source: string, parentUrl: string | undefined): string[] {
  const { module } = parseSync("file.ts", source, { sourceType: "module" });
  const requests = [
    ...module.staticImports.map((it) => it.moduleRequest.value),
    ...module.staticExports.flatMap((it) =>
      it.entries.flatMap((e) => e.moduleRequest?.value ?? []),
    ),
    ...module.dynamicImports.map((it) =>
      source.slice(it.moduleRequest.start + 1, it.moduleRequest.end - 1),
    ),
  ];
  return requests.flatMap((request) => localPath(request, parentUrl) ?? []);
}

function stampOf(path: string): string {
  const stat = statSync(path, { throwIfNoEntry: false });
  return stat === undefined ? "absent" : `${stat.mtimeMs}/${stat.size}`;
}
