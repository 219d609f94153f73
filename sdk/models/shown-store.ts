/** What models of the store, and their manager, show of themselves in a notebook. */
import { factsBundle } from "../display/facts.ts";
import type { MimeBundle } from "../display/mime.ts";
import { table } from "../display/table.ts";
import type { GAMAModelManager } from "./gama-model-manager.ts";
import type { ModelStore, ModelVerdict, StoredModel } from "./model-store.ts";

const MEGABYTE = 1e6;

export function storeBundle({ folder, models, free }: ModelStore): MimeBundle {
  const rows = models.map(({ name, state, family, size, linkedSize, revision, source }) => ({
    name,
    state,
    family,
    MB: Math.round((size + linkedSize) / MEGABYTE),
    revision,
    source,
  }));
  const title = `${models.length} models in ${folder}, ${Math.round(free / MEGABYTE)} MB free`;
  const { source, text } = table(rows, { title });
  return { "text/html": source, "text/plain": text };
}

export function storedModelBundle({ name, capabilities, ...model }: StoredModel): MimeBundle {
  return factsBundle(`Model ${name} of the store`, { ...model, capabilities });
}

export function verdictBundle({ model, problems, ...read }: ModelVerdict): MimeBundle {
  const verdict = problems.length === 0 ? "is sound" : `has ${problems.length} problems`;
  const listed = Object.fromEntries(problems.map((problem, at) => [`problem ${at + 1}`, problem]));
  return factsBundle(`Model ${model.name} ${verdict}`, {
    ...listed,
    ...read,
    folder: model.folder,
  });
}

export function managerBundle({ name, config }: GAMAModelManager): MimeBundle {
  const { bridge: _, downloadOptions, verificationOptions, ...facts } = config;
  return factsBundle(`GAMAModelManager of ${name}`, {
    ...facts,
    revision: downloadOptions?.revision,
    "hashes are compared": verificationOptions?.hashes,
  });
}
