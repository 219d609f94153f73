import { execFile } from "node:child_process";
import { availableParallelism, cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import { factsBundle } from "../display/facts.ts";
import type { MimeBundle } from "../display/mime.ts";
import sdk from "../package.json" with { type: "json" };
import { showAs } from "../shown-object.ts";

/** Where and with what a record was made. */
export interface Environment {
  /** ISO 8601, UTC. */
  readonly date: string;
  /** Commit of the repository, or null outside one. */
  readonly commit: string | null;
  /** Whether files differed from that commit; null outside a repository. */
  readonly isDirty: boolean | null;
  /** `linux x64` */
  readonly platform: string;
  readonly cpu: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  /** 1, 5 and 15 minutes: what else the machine was doing. */
  readonly loadAverage: readonly number[];
  /** node, grym-synth; python, torch and the others where a process was asked. */
  readonly versions: Readonly<Record<string, string>>;
  /** Of the Python process; null where none was asked. */
  readonly device: string | null;
}

const REPOSITORY = join(import.meta.dirname, "..", "..");

/** @param bridge is asked for Python's versions and device */
export async function readEnvironment(bridge?: GAMABridge): Promise<Environment> {
  const [commit, changes, status] = await Promise.all([
    git("rev-parse", "HEAD"),
    git("status", "--porcelain", "--untracked-files=no"),
    bridge?.executeOperation("status", {}),
  ]);
  const environment: Environment = {
    date: new Date().toISOString(),
    commit,
    isDirty: changes === null ? null : changes !== "",
    platform: `${process.platform} ${process.arch}`,
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memory: totalmem(),
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
    versions: {
      node: process.versions.node,
      "grym-synth": sdk.version,
      ...status?.versions,
    },
    device: status?.device ?? null,
  };
  return showAs(environment, environmentBundle);
}

function environmentBundle({ versions, loadAverage, ...facts }: Environment): MimeBundle {
  const listed = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return factsBundle("Environment", {
    ...facts,
    "load of 1, 5, 15 minutes": loadAverage,
    versions: listed,
  });
}

/** What git prints, or null where there is no git or no repository. */
async function git(...args: string[]): Promise<string | null> {
  try {
    const { stdout } = await promisify(execFile)("git", ["-C", REPOSITORY, ...args]);
    return stdout.trim();
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  }
}
