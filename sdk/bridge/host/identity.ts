/** What a host must have in common with its clients, so that none talks to another process than it means. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { PROTOCOL_VERSION } from "../protocol.gen.ts";

export interface HostIdentity {
  /** Version of the SDK, and where it lies. */
  readonly sdk: string;
  readonly protocol: number;
  readonly python: string;
  /** Variables that change what Python does. */
  readonly env: Readonly<Record<string, string>>;
}

const SDK = join(import.meta.dirname, "..", "..");
const OURS = /^(GRYM|GAMA)_/;
const OF_TORCH = /^(PY)?TORCH_/;
/** Of others: which code and which models are loaded, and what computes. */
const OF_OTHERS = [
  "CUDA_VISIBLE_DEVICES",
  "HF_HOME",
  "HF_HUB_OFFLINE",
  "LD_LIBRARY_PATH",
  "OMP_NUM_THREADS",
  "PYTHONHOME",
  "PYTHONPATH",
];
/** Folders, several with colons between; relative ones begin where each client is. */
const PATHS = [
  "GAMA_MODEL_PATH",
  "GRYM_CACHE",
  "HF_HOME",
  "LD_LIBRARY_PATH",
  "PYTHONHOME",
  "PYTHONPATH",
  "TORCH_HOME",
];
/** Ours, but nothing that the Python process reads; the Python itself is compared anyway. */
const NOT_PYTHONS = [
  "GRYM_BASE_PYTHON",
  "GRYM_BENCH_PYTHON",
  "GRYM_BROWSER",
  "GRYM_DATASET",
  "GRYM_DATA_FSDD",
  "GRYM_FIXTURES",
  "GRYM_HOST",
  "GRYM_HOST_IDLE",
  "GRYM_KEEP_TMP",
  "GRYM_PARENT_PID",
  "GRYM_PYTHON",
  "GRYM_QUICK",
  "GRYM_SOAK",
  "GRYM_SOUND_FONT",
  "GRYM_TEST_NODE",
  "GRYM_UMAP_PYTHON",
];

/**
 * @param python the Python that the client would run itself
 * @param extra variables that the client asks for beside those of its process
 */
export function hostIdentity(
  python: string,
  extra: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv = process.env,
): HostIdentity {
  const { version } = JSON.parse(readFileSync(join(SDK, "package.json"), "utf8")) as {
    version: string;
  };
  const relevant = Object.entries(env).filter(
    ([name]) =>
      OF_OTHERS.includes(name) ||
      OF_TORCH.test(name) ||
      (OURS.test(name) && !NOT_PYTHONS.includes(name)),
  );
  const chosen = [...relevant, ...Object.entries(extra)].filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const absolute = chosen.map(([name, value]) => [name, toAbsolute(name, value)] as const);
  return {
    sdk: `${version} in ${SDK}`,
    protocol: PROTOCOL_VERSION,
    python: python.includes("/") ? resolve(python) : python,
    env: Object.fromEntries(absolute.toSorted(([a], [b]) => (a < b ? -1 : 1))),
  };
}

/** A host runs in no folder of its clients': what is relative to this process's would lead elsewhere there. */
function toAbsolute(name: string, value: string): string {
  if (!PATHS.includes(name) || value === "") return value;
  // A model may have the name of one that is shipped, which is no path.
  const isPath = (part: string): boolean => name !== "GAMA_MODEL_PATH" || part.includes("/");
  return value
    .split(":")
    .map((part) => (isPath(part) ? resolve(part) : part))
    .join(":");
}

/** What differs, in words; empty where a client may use the host. */
export function differences(host: HostIdentity, client: HostIdentity): string[] {
  const names = [...new Set([...Object.keys(host.env), ...Object.keys(client.env)])].toSorted();
  const pairs: [what: string, there: string, here: string][] = [
    ["the SDK", host.sdk, client.sdk],
    ["the protocol", String(host.protocol), String(client.protocol)],
    ["Python", host.python, client.python],
    ...names.map((name): [string, string, string] => [
      name,
      host.env[name] ?? "not set",
      client.env[name] ?? "not set",
    ]),
  ];
  return pairs
    .filter(([, there, here]) => there !== here)
    .map(([what, there, here]) => `${what} is ${there} there, ${here} here`);
}
