import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { progress } from "../display/progress.ts";
import { GAMAModelManager } from "../models/gama-model-manager.ts";
import { listModels, removeModel, type StoredModel } from "../models/model-store.ts";
import { writeBytes } from "./doctor/finding.ts";
import { UsageError } from "./usage-error.ts";
import { writeTable } from "./write-table.ts";

const ACTIONS: Record<string, (args: string[]) => Promise<number>> = {
  add: addModel,
  download: downloadModel,
  list: showModels,
  verify: verifyModel,
  remove: deleteModel,
};

const HEADINGS = ["NAME", "STATE", "FAMILY", "CAN", "SIZE", "LINKED", "REVISION", "FROM"] as const;

/** `grym-synth model ACTION`: models that the repository does not ship. */
export async function runModel([name, ...args]: string[]): Promise<number> {
  const run = name === undefined || !Object.hasOwn(ACTIONS, name) ? undefined : ACTIONS[name];
  if (run === undefined) {
    const known = Object.keys(ACTIONS).join(", ");
    throw new UsageError(`expected one of ${known}${name === undefined ? "" : `, got ${name}`}`);
  }
  return await run(args);
}

async function addModel(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      name: { type: "string" },
      base: { type: "string" },
      checkpoint: { type: "string" },
    },
  });
  const folder = resolve(only(positionals, "one folder"));
  const { name, base, checkpoint } = values;
  const manager = new GAMAModelManager({
    modelPath: folder,
    name,
    basePath: base,
    checkpointPath: checkpoint,
  });
  using bar = progress(`adding ${folder}`);
  const model = await manager.addModel({ onProgress: bar });
  bar.end();
  console.log(`${model.name}: ${describe(model)}`);
  return await report(manager, false);
}

async function downloadModel(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { name: { type: "string" }, include: { type: "string", multiple: true } },
  });
  // no name of a repository has an `@`, and that of a branch may
  const [modelId = "", ...rest] = only(positionals, "one repository").split("@");
  const revision = rest.length === 0 ? undefined : rest.join("@");
  const { name, include } = values;
  const downloadOptions = { revision, files: include };
  const manager = new GAMAModelManager({ modelId, name, downloadOptions });
  using bar = progress(`downloading ${modelId}`);
  const model = await manager.downloadModel({ onProgress: bar });
  bar.end();
  console.log(`${model.name}: ${describe(model)}`);
  return await report(manager, false);
}

async function verifyModel(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { quick: { type: "boolean" } },
  });
  const name = only(positionals, "one model");
  const verificationOptions = { hashes: values.quick !== true };
  return await report(new GAMAModelManager({ name, verificationOptions }), true);
}

/** What `verify` finds; what was hashed a moment ago is not read again. */
async function report(manager: GAMAModelManager, hashes: boolean): Promise<number> {
  using bar = progress(`verifying ${manager.name}`);
  const { problems, structure, tensors, bytesRead, model } = await manager.verify(
    hashes ? { onProgress: bar } : { onProgress: bar, hashes: false },
  );
  bar.end();
  for (const problem of problems) console.error(`${manager.name}: ${problem}`);
  if (problems.length > 0) return 1;
  const read = bytesRead === 0 ? "sizes" : `hashes of ${writeBytes(bytesRead)}`;
  const what = structure ?? explainUnchecked(model);
  console.log(`${manager.name}: ${read} as they were, ${tensors} tensors, ${what}`);
  return 0;
}

function explainUnchecked({ family }: StoredModel): string {
  return family === null
    ? "files without a config.json, which are no model as they are"
    : `and nothing here loads a ${family}: names and shapes are not checked`;
}

async function showModels(args: string[]): Promise<number> {
  const { values } = parseArgs({ args, options: { json: { type: "boolean" } } });
  const store = await listModels();
  if (values.json) console.log(JSON.stringify(store, null, 2));
  else if (store.models.length === 0) console.log(`No models in ${store.folder}.`);
  else {
    console.log(writeTable([HEADINGS, ...store.models.map(toRow)]));
    console.log(`\n${store.folder}: ${writeBytes(store.free)} free`);
  }
  return 0;
}

async function deleteModel(args: string[]): Promise<number> {
  const { positionals } = parseArgs({ args, allowPositionals: true, options: {} });
  const name = only(positionals, "one model");
  console.log(`Removed "${name}": ${writeBytes(await removeModel(name))} are free again`);
  return 0;
}

function only(positionals: readonly string[], what: string): string {
  const [one, ...rest] = positionals;
  if (one === undefined || one === "" || rest.length > 0) throw new UsageError(`name ${what}`);
  return one;
}

function describe(model: StoredModel): string {
  const { family, capabilities, size, linkedSize, revision, folder } = model;
  const linked = linkedSize === 0 ? "" : `, and ${writeBytes(linkedSize)} linked`;
  const can = capabilities.length === 0 ? "not loadable here" : capabilities.join(", ");
  return `${family ?? "no config.json"} (${can}), ${writeBytes(size)}${linked}, revision ${revision}, in ${folder}`;
}

function toRow(model: StoredModel): readonly string[] {
  const { name, state, family, capabilities, size, linkedSize, revision, source } = model;
  const linked = linkedSize === 0 ? "" : writeBytes(linkedSize);
  const [kind, can] = [family ?? "?", capabilities.join(" ") || "-"];
  return [name, state, kind, can, writeBytes(size), linked, revision ?? "?", source || "?"];
}
