/** Any folder with audio, and no labels: for retrieval, clusters, cost, and agreement of models. */
import { basename, resolve } from "node:path";
import { findAudioFiles } from "../sdk/embedding/audio-folder.ts";
import type { Dataset } from "./manifest.ts";

/**
 * All audio below a folder, sorted by path.
 *
 * @throws InvalidArgumentError no such folder, or no audio in it
 */
export async function openFolder(folder: string): Promise<Dataset> {
  const files = await findAudioFiles(folder);
  return {
    name: basename(resolve(folder)),
    folder,
    rows: files.map(({ id }) => ({
      id,
      path: id,
      labels: {},
      clusterId: id,
      licence: "NOASSERTION",
    })),
    licence: "NOASSERTION",
    citation: "a folder of the user's own",
    protocol: {
      kind: "free",
      metric: "none: it has no labels",
      rule: "none",
      citation: "nobody says",
    },
    clusterBy: null,
  };
}
