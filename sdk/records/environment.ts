import { cpus, loadavg, release, totalmem } from "node:os";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import { factsBundle } from "../display/facts.ts";
import type { MimeBundle } from "../display/mime.ts";
import sdk from "../package.json" with { type: "json" };
import { showAs } from "../shown-object.ts";
import { type CodeState, readCodeState } from "./code-state.ts";
import { type MachineState, readMachineState } from "./machine-state.ts";

/** Where and with what a record was made. */
export interface Environment extends CodeState, MachineState {
  /** ISO 8601, UTC. */
  readonly date: string;
  /** `linux x64` */
  readonly platform: string;
  /** Of the kernel: `6.18.44`, without what a distribution adds. */
  readonly release: string;
  readonly cpu: string;
  readonly cores: number;
  /** Bytes. */
  readonly memory: number;
  /** 1, 5 and 15 minutes: what else the machine was doing. */
  readonly loadAverage: readonly number[];
  /** node, grym-synth; python, torch and the others where a process was asked. */
  readonly versions: Readonly<Record<string, string>>;
  /**
   * NumPy's linear algebra and the processor that it chose its code for (torch's is part of its build); null
   * where no process was asked.
   */
  readonly blas: string | null;
  /** Of the Python process; null where none was asked. */
  readonly device: string | null;
}

/** @param bridge is asked for Python's versions and device */
export async function readEnvironment(bridge?: GAMABridge): Promise<Environment> {
  const [code, machine, status] = await Promise.all([
    readCodeState(),
    readMachineState(),
    bridge?.executeOperation("status", {}),
  ]);
  const { blas = null, ...versions } = status?.versions ?? {};
  const environment: Environment = {
    date: new Date().toISOString(),
    ...code,
    platform: `${process.platform} ${process.arch}`,
    release: /^[\d.]*/.exec(release())?.[0] ?? "",
    cpu: cpus()[0]?.model ?? "unknown",
    cores: machine.threads.available,
    memory: totalmem(),
    ...machine,
    loadAverage: loadavg().map((load) => Math.round(load * 100) / 100),
    versions: { node: process.versions.node, "grym-synth": sdk.version, ...versions },
    blas,
    device: status?.device ?? null,
  };
  return showAs(environment, environmentBundle);
}

function environmentBundle(environment: Environment): MimeBundle {
  const { versions, loadAverage, threads, cgroup, locks, ...facts } = environment;
  return factsBundle("Environment", {
    ...facts,
    threads: list(threads),
    "limits of the control group": list(cgroup),
    locks: list(locks),
    "load of 1, 5, 15 minutes": loadAverage,
    versions: list(versions),
  });
}

function list(values: object): string[] {
  return Object.entries(values).map(([name, value]) => `${name} ${value ?? "none"}`);
}
