/** What two processes must have in common to use one host. */
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { differences, hostIdentity } from "../../bridge/host/identity.ts";

const python = join(import.meta.dirname, "..", "..", "..", "python", "src");
/** Set by who starts the process, for that process alone. */
const ITS_OWN = ["GRYM_ARENA_IN", "GRYM_ARENA_OUT", "GRYM_PARENT_PID", "GRYM_RUNNING_MARK"];

describe("the identity of a host", () => {
  it("has every variable of ours that Python reads", () => {
    const names = readdirSync(python, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".py"))
      .flatMap(
        (file) => readFileSync(join(python, file), "utf8").match(/\b(GRYM|GAMA)_[A-Z_]+/g) ?? [],
      )
      .filter((name) => !ITS_OWN.includes(name));
    expect(names).toContain("GRYM_DEVICE");
    const env = Object.fromEntries(names.map((name) => [name, "/value"]));
    expect(hostIdentity("python", {}, env).env).toEqual(env);
  });

  it("has what the bridge asks for, and nothing that is only the notebook's", () => {
    const env = {
      HOME: "/home/someone",
      GRYM_HOST: "a",
      GRYM_BROWSER: "none",
      PYTHONPATH: "/here",
    };
    const identity = hostIdentity("/venv/bin/python", { MY_FLAG: "1" }, env);
    expect(identity.env).toEqual({ MY_FLAG: "1", PYTHONPATH: "/here" });
  });

  it("has what decides which libraries and models are loaded, and what computes", () => {
    const env = {
      CUDA_VISIBLE_DEVICES: "0",
      HF_HOME: "/models",
      HF_HUB_OFFLINE: "1",
      LD_LIBRARY_PATH: "/opt/lib",
      OMP_NUM_THREADS: "4",
      PYTORCH_CUDA_ALLOC_CONF: "expandable_segments:True",
      TORCH_ALLOW_TF32_CUBLAS_OVERRIDE: "1",
    };
    expect(hostIdentity("python", {}, { ...env, LANG: "C" }).env).toEqual(env);
  });

  it("takes relative folders for what they are here, since a host runs elsewhere", () => {
    const env = { PYTHONPATH: "src:/lib", GAMA_MODEL_PATH: "./models/mine", HF_HOME: "hub" };
    expect(hostIdentity("python", {}, env).env).toEqual({
      PYTHONPATH: `${resolve("src")}:/lib`,
      GAMA_MODEL_PATH: resolve("models/mine"),
      HF_HOME: resolve("hub"),
    });
    expect(hostIdentity("python", {}, { GAMA_MODEL_PATH: "gama-tiny" }).env).toEqual({
      GAMA_MODEL_PATH: "gama-tiny",
    });
  });

  it("tells every difference in words, and none between equals", () => {
    const one = hostIdentity("/a/python", {}, { GAMA_DEVICE: "cpu" });
    const other = hostIdentity("/b/python", { GAMA_QUANTIZATION: "int8" }, {});
    expect(differences(one, one)).toEqual([]);
    expect(differences(one, other)).toEqual([
      "Python is /a/python there, /b/python here",
      "GAMA_DEVICE is cpu there, not set here",
      "GAMA_QUANTIZATION is not set there, int8 here",
    ]);
  });
});
