import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { BrowserPage } from "./browser-page.ts";
import { DevtoolsPipe } from "./devtools-pipe.ts";

const FLAGS = [
  "--headless",
  "--no-sandbox", // it only ever loads our own page; the sandbox fails in most containers
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--remote-debugging-pipe",
];

const STDERR_CHARACTERS = 2000;
// What a program wrote just before its end may arrive after the news of its end.
const LAST_WORDS_MS = 100;

/** A headless Chromium, driven through pipes; it ends with this process, whatever ends that. */
export class BrowserProcess {
  readonly #child: ChildProcess;
  readonly #pipe: DevtoolsPipe;
  readonly #profile: string;
  #stderr = "";
  /** Why it is of no more use, once it is. */
  #ended: Error | undefined;

  /** @param path of the browser's program */
  constructor(path: string) {
    this.#profile = mkdtempSync(join(tmpdir(), "grym-synth-browser-"));
    this.#child = spawn(path, [...FLAGS, `--user-data-dir=${this.#profile}`, "about:blank"], {
      stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
      detached: true, // a Ctrl-C for the notebook must not take the browser along
      env: { ...process.env, XDG_CONFIG_HOME: this.#profile, XDG_CACHE_HOME: this.#profile },
    });
    this.#pipe = new DevtoolsPipe(this.#child);
    this.#child.stderr?.on("data", (text: Buffer) => {
      this.#stderr = (this.#stderr + text.toString()).slice(-STDERR_CHARACTERS);
    });
    this.#child.on("error", (reason) => this.#fail(reason));
    this.#child.on("exit", (code, signal) => void this.#mourn(code, signal));
    this.#child.unref();
    (this.#child.stderr as unknown as { unref(): void }).unref(); // a socket, as all its pipes
    process.once("exit", this.close);
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Opens an empty page. */
  async openPage(): Promise<BrowserPage> {
    // The shapes are those of the DevTools protocol: Target.
    const target = (await this.#pipe.send("Target.createTarget", { url: "about:blank" })) as {
      targetId: string;
    };
    const attached = (await this.#pipe.send("Target.attachToTarget", {
      targetId: target.targetId,
      flatten: true,
    })) as { sessionId: string };
    return new BrowserPage(this.#pipe, attached.sessionId);
  }

  /** Ends the browser and removes its profile. */
  readonly close = (): void => {
    process.removeListener("exit", this.close);
    this.#fail(new Error("the browser was closed"));
    killGroup(this.#child);
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 3 });
  };

  async #mourn(code: number | null, signal: NodeJS.Signals | null): Promise<void> {
    if (this.ended) return; // we ended it ourselves
    await sleep(LAST_WORDS_MS);
    const how = signal === null ? `ended with code ${code}` : `died of ${signal}`;
    const last = this.#stderr.trim().split("\n").at(-1) ?? "";
    this.#fail(new Error(`the browser ${how}${last === "" ? "" : `: ${last.slice(0, 300)}`}`));
  }

  #fail(reason: Error): void {
    this.#ended ??= reason;
    this.#pipe.fail(reason);
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (reason) {
    // Gone between the check and the signal: what was wanted.
    if ((reason as NodeJS.ErrnoException).code !== "ESRCH") throw reason;
  }
}
