/** What becomes of the Python process when the Node that started it ends. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { isAlive } from "./fake-python.ts";

/** Arguments that make Node run a script with the bridge at hand. */
function scriptArgs(body: string): string[] {
  const bridgePath = join(import.meta.dirname, "..", "..", "bridge", "gama-bridge.ts");
  const source = `import { GAMABridge } from ${JSON.stringify(bridgePath)};\n${body}`;
  return ["--input-type=module", "-e", source];
}

async function runScript(body: string): Promise<string> {
  const { stdout } = await promisify(execFile)(process.execPath, scriptArgs(body), {
    timeout: 30_000,
  });
  return stdout;
}

describe("Node", () => {
  it("ends by itself while an idle bridge is open, and takes the process with it", async () => {
    const stdout = await runScript(`
      const bridge = new GAMABridge();
      await bridge.executeOperation("ping", {});
      console.log(bridge.pid);
    `);
    await expect.poll(() => isAlive(Number(stdout))).toBe(false);
  });

  it("takes the process with it when it exits in the middle of a call", async () => {
    const stdout = await runScript(`
      const bridge = new GAMABridge();
      await bridge.initialize();
      void bridge.executeOperation("load_model", { model: "fbank" });
      console.log(bridge.pid);
      process.exit();
    `);
    await expect.poll(() => isAlive(Number(stdout))).toBe(false);
  });

  it("takes the process with it when it is killed", async () => {
    const parent = execFile(
      process.execPath,
      scriptArgs(`
      const bridge = new GAMABridge();
      await bridge.initialize();
      console.log(bridge.pid);
      setInterval(() => {}, 1000);
    `),
    );
    let stdout = "";
    parent.stdout?.on("data", (text: string) => {
      stdout += text;
    });
    await expect.poll(() => stdout, { timeout: 20_000 }).toMatch(/^\d+\n$/);
    parent.kill("SIGKILL");
    await expect.poll(() => isAlive(Number(stdout))).toBe(false);
  });

  it("has no handle left after shutdown", async () => {
    const stdout = await runScript(`
      const bridge = new GAMABridge();
      await bridge.executeOperation("ping", {});
      await bridge.shutdown();
      const open = () => process.getActiveResourcesInfo();
      // A handle is closed one turn of the loop after its last event.
      for (let turn = 0; turn < 100 && open().includes("ProcessWrap"); turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      const ofLoader = ["FSReqCallback", "Immediate"];
      console.log(JSON.stringify(open().filter((name) => !ofLoader.includes(name))));
    `);
    const idle = await runScript("console.log(JSON.stringify(process.getActiveResourcesInfo()));");
    expect(JSON.parse(stdout).toSorted()).toEqual(JSON.parse(idle).toSorted());
  });
});
