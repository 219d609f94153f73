/** The kernels that are compared, and what each is told to do. */
import { join } from "node:path";
import { findPython } from "grym-synth";
import { kernelSpec } from "../../sdk/cli/kernel-spec.mjs";
import { installNodePeers } from "../bridge/install-peers.ts";

/** What `peers/kernel_client.py` measures. */
export interface Plan {
  readonly argv: readonly string[];
  readonly interruptMode: "message" | "signal";
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** A text to complete, and what has to be among the matches. */
  readonly completion: string;
  readonly match: string;
  /** A cell that makes a variable, and one that fails when it is gone. */
  readonly keep: string;
  readonly kept: string;
  readonly spin: string;
  /** How long an answer is waited for while a cell spins; most kernels give none. */
  readonly spinSeconds: number;
  /** A cell that imports the SDK; null for another language. */
  readonly sdk: string | null;
}

const TYPESCRIPT = {
  completion: "JSON.str",
  match: "stringify",
  keep: "const keptValue = [1, 2, 3]",
  kept: "keptValue.length",
  spin: "for (;;) {}",
  sdk: 'import { GAMAService } from "grym-synth"; GAMAService.name',
};
const PYTHON = {
  completion: "str.capit",
  match: "capitalize",
  keep: "kept_value = [1, 2, 3]",
  kept: "len(kept_value)",
  spin: "while True: pass",
  sdk: null,
};

export const KERNELS = ["ours", "ours, types off", "tslab", "deno", "ipykernel"] as const;
export type KernelName = (typeof KERNELS)[number];

/** @param cwd where the cells run @throws Error a peer could not be installed */
export async function planOf(name: KernelName, cwd: string): Promise<Plan> {
  const base = { cwd, env: {}, spinSeconds: name.startsWith("ours") ? 60 : 3 };
  switch (name) {
    case "ours":
      return { ...base, ...TYPESCRIPT, argv: kernelSpec().argv, interruptMode: "message" };
    case "ours, types off": {
      const env = { GRYM_TYPES: "off" };
      return { ...base, ...TYPESCRIPT, env, argv: kernelSpec().argv, interruptMode: "message" };
    }
    case "tslab": {
      const script = join(
        await installNodePeers("kernels"),
        "node_modules",
        "tslab",
        "bin",
        "tslab",
      );
      const argv = [process.execPath, script, "kernel", "--config-path", "{connection_file}"];
      return { ...base, ...TYPESCRIPT, argv, interruptMode: "signal" };
    }
    case "deno": {
      const folder = await installNodePeers("kernels");
      // The package of the platform: the one named deno is a script that would copy this binary.
      const deno = join(folder, "node_modules", "@deno", "linux-x64-glibc", "deno");
      const argv = [deno, "jupyter", "--kernel", "--conn", "{connection_file}"];
      const env = { DENO_DIR: join(folder, "cache"), DENO_NO_UPDATE_CHECK: "1" };
      return { ...base, ...TYPESCRIPT, env, argv, interruptMode: "signal" };
    }
    case "ipykernel": {
      // The one that set-up brings with JupyterLab.
      const argv = [findPython(), "-m", "ipykernel_launcher", "-f", "{connection_file}"];
      return { ...base, ...PYTHON, argv, interruptMode: "signal" };
    }
  }
}
