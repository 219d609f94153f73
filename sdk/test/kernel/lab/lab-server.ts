import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, openSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findPython } from "../../../bridge/find-python.ts";
import { installKernel } from "../../../cli/kernel-spec.mjs";

const READY_MS = 90_000;

/** A JupyterLab on a folder, with the kernel of this checkout and nothing of the user's. */
export class LabServer {
  readonly #child: ChildProcess;
  readonly #log: string;
  readonly port: number;

  private constructor(child: ChildProcess, log: string, port: number) {
    this.#child = child;
    this.#log = log;
    this.port = port;
  }

  /**
   * @param root of the notebooks
   * @param state is filled with kernel, settings and log
   */
  static async start(root: string, state: string): Promise<LabServer> {
    installKernel(join(state, "data"));
    const port = await freePort();
    const log = join(state, "lab.log");
    const output = openSync(log, "w");
    const options = [
      "--no-browser",
      `--ServerApp.port=${port}`,
      "--ServerApp.port_retries=0",
      `--ServerApp.root_dir=${root}`,
      "--IdentityProvider.token=t",
      "--LabApp.expose_app_in_browser=True",
      ...(process.getuid?.() === 0 ? ["--allow-root"] : []),
    ];
    const child = spawn(findPython(), ["-m", "jupyterlab", ...options], {
      stdio: ["ignore", output, output],
      detached: true,
      env: {
        ...process.env,
        JUPYTER_PATH: join(state, "data"),
        JUPYTER_CONFIG_DIR: join(state, "config"),
        JUPYTER_DATA_DIR: join(state, "user-data"),
        JUPYTER_RUNTIME_DIR: join(state, "runtime"),
        JUPYTERLAB_SETTINGS_DIR: join(state, "settings"),
        JUPYTERLAB_WORKSPACES_DIR: join(state, "workspaces"),
        GRYM_BROWSER: "none", // the plot of the page is asked for, not its picture
      },
    });
    closeSync(output);
    const server = new LabServer(child, log, port);
    await server.#ready();
    return server;
  }

  /** Its log so far. */
  get log(): string {
    return readFileSync(this.#log, "utf8");
  }

  /** Ends the server, which ends its kernels. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.pid === undefined) return;
    const ended = once(this.#child, "exit");
    process.kill(this.#child.pid, "SIGTERM");
    await ended;
  }

  async #ready(): Promise<void> {
    for (const end = Date.now() + READY_MS; Date.now() < end; await sleep(250)) {
      if (this.#child.exitCode !== null) throw new Error(`JupyterLab ended: ${this.log}`);
      // Refused connections are the server still starting.
      const answer = await fetch(`http://127.0.0.1:${this.port}/api?token=t`).catch(
        () => undefined,
      );
      if (answer?.ok) return;
    }
    throw new Error(`JupyterLab did not answer: ${this.log}`);
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (typeof address !== "object" || address === null) throw new Error("no free port");
  return address.port;
}
