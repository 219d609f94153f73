import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import type { Dataset } from "./dataset-types.ts";
import { checkStudy } from "./study/check-study.ts";
import { placeIn } from "./study/place-in-file.ts";
import { StudyFileError } from "./study-file-error.ts";
import type { Study } from "./study-types.ts";

/** What a study file's function is given, so that a file outside of the repository needs no import. */
export interface StudyTools {
  /**
   * By name or folder (docs/data-sets.md).
   *
   * @param options `classes`: whether each clip must have a class, true by default
   */
  openDataset(
    spec?: string,
    options?: { readonly classes?: boolean | undefined },
  ): Promise<Dataset>;
}

/** The default export of a study file. */
export type StudyFile = Study | ((tools: StudyTools) => Study | Promise<Study>);

/**
 * Loads the study that a TypeScript or JavaScript file exports. Its code runs in this process.
 *
 * @throws StudyFileError there is no such file, it does not load or throws, or what it exports is no study
 * @example
 * const { results } = await runStudy(await readStudyFile("study.ts", { openDataset }));
 */
export async function readStudyFile(path: string, tools: StudyTools): Promise<Study> {
  const file = resolve(path);
  const fail = (what: string): never => {
    throw new StudyFileError({ path: file, line: undefined }, what);
  };
  if (!existsSync(file)) fail("there is no such file");
  const exported = await orFail(file, "it does not load", async () => await load(file));
  const { default: given } = exported;
  if (given === undefined) {
    const names = Object.keys(exported);
    const others = names.length === 0 ? "it exports nothing" : `it exports ${names.join(", ")}`;
    fail(`${others}; a study file has a default export: a study, or a function that gives one`);
  }
  const study = await orFail(file, "its function threw", async () =>
    typeof given === "function" ? await (given as (tools: StudyTools) => unknown)(tools) : given,
  );
  const fault = checkStudy(study);
  return fault === undefined ? (study as Study) : fail(`its default export: ${fault}`);
}

async function load(file: string): Promise<Record<string, unknown>> {
  const module = (await import(pathToFileURL(file).href)) as Record<string, unknown>;
  // A loader that makes CommonJS of a file beside no package.json hands its exports on as the default.
  const inner = module["default"] as Record<string, unknown> | undefined;
  return inner?.["__esModule"] === true ? inner : module;
}

async function orFail<Value>(
  file: string,
  what: string,
  work: () => Promise<Value>,
): Promise<Value> {
  try {
    return await work();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new StudyFileError(placeIn(file, error), `${what}: ${message}`, error);
  }
}
