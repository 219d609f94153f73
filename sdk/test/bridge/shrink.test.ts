/** What a burst needed is given back on both sides, and the next one finds room again. */
import { existsSync, readdirSync, readlinkSync, statfsSync, statSync } from "node:fs";
import { expect, it } from "vitest";
import type { GAMABridge } from "../../bridge/gama-bridge.ts";
import { attach, useOwnHosts } from "./hosts.ts";
import { backwards, lightBridge, lightPython } from "./light-python.ts";
import { longForm } from "./long-form.ts";

const MIB = 2 ** 20;
useOwnHosts();

/** Sizes of the unlinked files in shared memory, or in the temporary folder, that the process has open, MiB. */
function arenaSizes(pid: number): number[] {
  const folder = `/proc/${pid}/fd`;
  const sizes = new Map<string, number>(); // a map of a file has it open once more
  for (const fd of readdirSync(folder)) {
    try {
      const link = readlinkSync(`${folder}/${fd}`);
      if (!/^\/(dev\/shm\/#|.*\/grym-synth-).*\(deleted\)$/.test(link)) continue;
      sizes.set(link, statSync(`${folder}/${fd}`).size / MIB);
    } catch {
      // closed meanwhile
    }
  }
  return [...sizes.values()].filter((size) => size >= 1); // the mark of what runs is a page
}

async function burst(bridge: GAMABridge, first: number): Promise<void> {
  const samples = new Float32Array(36_000_000); // 144 MB, and as much back
  samples[0] = first;
  expect((await backwards(bridge, samples)).at(-1)).toBe(first);
}

const hasRoom = existsSync("/dev/shm") && room("/dev/shm") > 1024 * MIB;

function room(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

const SPAWN = ["spawn", hasRoom ? "shared_memory" : "file"] as const;
const ATTACH = ["attach", "file"] as const;

it.each(longForm([SPAWN], [SPAWN, ATTACH]))(
  "calls before and after the arenas have shrunk get their own bits (%s, %s)",
  async (transport, plane) => {
    const python = lightPython();
    const { bridge } =
      transport === "spawn" ? lightBridge({ python, plane }) : attach("shrinks", { python, plane });
    await using _ = bridge;
    const small = Float32Array.of(1, 2, 3);
    await burst(bridge, 1);
    const pid = bridge.pid ?? 0;
    expect(arenaSizes(pid).map((size) => size > 128)).toEqual([true, true]);
    expect(await backwards(bridge, small)).toEqual(small.toReversed());
    // A host's Python may still read what a client has given up: its input arena never shrinks.
    const shrunk = transport === "spawn" ? [128, 128] : [128, 256];
    await expect.poll(() => arenaSizes(pid).toSorted(), { timeout: 60_000 }).toEqual(shrunk);
    const arenaBytes = transport === "spawn" ? 128 * MIB : 256 * MIB;
    expect(bridge.stats()).toMatchObject({ arenaBytes, arenaUsed: 0, plane });
    expect(await backwards(bridge, small)).toEqual(small.toReversed());
    await burst(bridge, 2);
    expect(arenaSizes(pid).map((size) => size > 128)).toEqual([true, true]);
    expect(bridge.stats()).toMatchObject({ starts: 1, inlineBytes: 0 });
  },
  120_000,
);
