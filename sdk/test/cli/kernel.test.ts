import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import {
  inspectKernel,
  installKernel,
  kernelSpec,
  repositoryNode,
  uninstallKernel,
} from "../../cli/kernel-spec.mjs";
import { runCli } from "./run-cli.ts";

const root = join(import.meta.dirname, "..", "..", "..");
const folder = mkdtempSync(join(tmpdir(), "kernel-test-"));

afterAll(() => rmSync(folder, { recursive: true }));

/** A copy of what the spec writer needs of a clone, with an empty Node and kernel. */
function makeClone(name: string): string {
  const clone = join(folder, name);
  cpSync(join(root, "sdk", "cli"), join(clone, "sdk", "cli"), { recursive: true });
  cpSync(join(root, "sdk", "package.json"), join(clone, "sdk", "package.json"));
  mkdirSync(join(clone, "sdk", "kernel"), { recursive: true });
  mkdirSync(join(clone, "node_modules", "node", "bin"), { recursive: true });
  writeFileSync(join(clone, "sdk", "kernel", "boot.mjs"), "");
  writeFileSync(repositoryNode(clone), "");
  return clone;
}

function readSpec(dataFolder: string): ReturnType<typeof kernelSpec> {
  return JSON.parse(readFileSync(join(dataFolder, "kernels", "grym-synth", "kernel.json"), "utf8"));
}

describe("the kernel spec", () => {
  test("starts this clone's kernel with absolute paths, and takes interrupts as messages", () => {
    const spec = kernelSpec();
    expect(spec).toMatchObject({
      display_name: "TypeScript (grym-synth)",
      language: "typescript",
      interrupt_mode: "message",
      // Without it JupyterLab does not offer its debugger.
      metadata: { debugger: true },
    });
    expect(spec.argv).toEqual([
      join(root, "node_modules", "node", "bin", "node"),
      "--no-force-async-hooks-checks",
      "--disable-warning=ExperimentalWarning",
      join(root, "sdk", "kernel", "boot.mjs"),
      "{connection_file}",
    ]);
  });

  test("is installed with its logos, once", () => {
    const data = join(folder, "data");
    expect(inspectKernel(data).state).toBe("missing");
    const first = installKernel(data);
    expect(first.changed).toBe(true);
    expect(readSpec(data)).toEqual(kernelSpec());
    for (const logo of ["logo-32x32.png", "logo-64x64.png", "logo-svg.svg"]) {
      expect(existsSync(join(first.folder, logo))).toBe(true);
    }
    expect(inspectKernel(data)).toMatchObject({ state: "current", root });
    expect(installKernel(data).changed).toBe(false);
    expect(uninstallKernel(data).changed).toBe(true);
    expect(uninstallKernel(data).changed).toBe(false);
    expect(existsSync(first.folder)).toBe(false);
  });

  test("of a clone that moved is seen, and repaired from its new place", async () => {
    const data = join(folder, "moved-data");
    const before = makeClone("before");
    const after = join(folder, "after");
    installKernel(data, before);
    expect(inspectKernel(data, before)).toMatchObject({ state: "current", runs: true });
    renameSync(before, after);
    expect(inspectKernel(data, after)).toMatchObject({ state: "other", root: before, runs: false });
    // The module itself, loaded from the new place, knows where it is.
    const module = join(after, "sdk", "cli", "kernel-spec.mjs");
    const moved = (await import(pathToFileURL(module).href)) as {
      installKernel: typeof installKernel;
    };
    expect(moved.installKernel(data).changed).toBe(true);
    expect(readSpec(data).argv[3]).toBe(join(after, "sdk", "kernel", "boot.mjs"));
    expect(inspectKernel(data, after)).toMatchObject({ state: "current", runs: true });
  });

  test("that is damaged counts as one to replace", () => {
    const data = join(folder, "damaged");
    const { folder: kernel } = installKernel(data);
    writeFileSync(join(kernel, "kernel.json"), "{");
    expect(inspectKernel(data)).toMatchObject({ state: "other", runs: false });
    expect(installKernel(data).changed).toBe(true);
    expect(inspectKernel(data).state).toBe("current");
  });
});

describe("grym-synth kernel", () => {
  test("prints the spec", () => {
    expect(JSON.parse(runCli(["kernel", "spec"]).stdout)).toEqual(kernelSpec());
  });

  test.each([
    ["--user", { JUPYTER_DATA_DIR: join(folder, "jupyter-data") }, "jupyter-data"],
    ["--user", { JUPYTER_DATA_DIR: "", XDG_DATA_HOME: join(folder, "xdg") }, "xdg/jupyter"],
    [
      "--user",
      { JUPYTER_DATA_DIR: "", XDG_DATA_HOME: "", HOME: join(folder, "home") },
      "home/.local/share/jupyter",
    ],
    ["--sys-prefix", { VIRTUAL_ENV: join(folder, "venv") }, "venv/share/jupyter"],
  ])("installs %s with %j into %s, and takes it away again", (option, environment, place) => {
    const file = join(folder, place, "kernels", "grym-synth", "kernel.json");
    const installed = runCli(["kernel", "install", option], environment);
    expect(installed).toMatchObject({ status: 0, stderr: "" });
    expect(existsSync(file)).toBe(true);
    expect(runCli(["kernel", "uninstall", option], environment).status).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  test("installs below any prefix", () => {
    const prefix = join(folder, "prefix");
    expect(runCli(["kernel", "install", "--prefix", prefix]).status).toBe(0);
    expect(readSpec(join(prefix, "share", "jupyter"))).toEqual(kernelSpec());
  });
});
