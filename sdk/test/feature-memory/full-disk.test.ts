import { spawnSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { PatternStorage } from "../../feature-memory/index.ts";
import { MODEL, makeFolder, makePattern } from "./make-pattern.ts";

const DISK = "3m";
const BALLAST = 1_000_000;

describe("a full disk", () => {
  it("is a typed error; what was stored is there, and storing goes on when there is room", async ({
    skip,
  }) => {
    const disk = makeFolder();
    const mount = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${DISK}`, "tmpfs", disk]);
    if (mount.status !== 0)
      skip(`no small disk can be mounted here: ${mount.stderr ?? "no mount"}`);
    try {
      const ballast = join(disk, "ballast");
      writeFileSync(ballast, Buffer.alloc(BALLAST));
      const folder = join(disk, "store");
      const storage = new PatternStorage({ folder, model: MODEL });
      const stored: string[] = [];
      const failures: unknown[] = [];
      for (let at = 0; failures.length < 3; at += 1) {
        await storage.store(makePattern(`p${at}`)).then(
          () => stored.push(`p${at}`),
          (error: unknown) => failures.push(error),
        );
      }
      const full = { code: "store_full", message: expect.stringContaining("make room") };
      for (const failure of failures) expect(failure).toMatchObject(full);
      expect(stored.length).toBeGreaterThan(3);
      await expectAll(storage, stored);
      await storage.close();
      await using again = new PatternStorage({ folder, model: MODEL });
      await expectAll(again, stored);
      expect(again.repairs).toEqual([]);
      rmSync(ballast);
      await again.store(makePattern("after"));
      await expectAll(again, [...stored, "after"]);
    } finally {
      spawnSync("umount", [disk]);
    }
  });

  async function expectAll(storage: PatternStorage, ids: readonly string[]): Promise<void> {
    const found = await storage.find({ ids });
    expect(found.map(({ id }) => id)).toEqual(ids.toSorted());
  }
});
