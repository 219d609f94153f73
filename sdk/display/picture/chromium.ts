import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { FigureSpec } from "../figure/spec.ts";
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

/** Size of a picture in CSS px; `scale` picture px each. */
export interface PictureSize {
  width: number;
  height: number;
  scale: number;
}

/** A headless Chromium with plotly.js loaded, which turns figures into PNG. */
export class Chromium {
  readonly #child: ChildProcess;
  readonly #pipe: DevtoolsPipe;
  readonly #profile: string;
  #stderr = "";
  #session: string | undefined;
  /** Why it is of no more use, once it is. */
  #ended: Error | undefined;

  private constructor(path: string) {
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

  /**
   * Starts the browser and loads plotly.js into it.
   *
   * @throws an Error that says why it did not start: exit code and last words, or the time it took
   */
  static async launch(path: string, timeoutMs: number): Promise<Chromium> {
    const chromium = new Chromium(path);
    try {
      await withTimeout(chromium.#load(), timeoutMs, "starting the browser");
      return chromium;
    } catch (reason) {
      chromium.close();
      throw reason;
    }
  }

  get ended(): boolean {
    return this.#ended !== undefined;
  }

  /** Draws a figure. The bytes are a PNG file. */
  async png(spec: FigureSpec, size: PictureSize, timeoutMs: number): Promise<Uint8Array> {
    const options = JSON.stringify({ format: "png", ...size });
    const drawing = this.#evaluate(`Plotly.toImage(${JSON.stringify(spec)}, ${options})`);
    const url = await withTimeout(drawing, timeoutMs, "drawing the figure");
    const encoded = /^data:image\/png;base64,(.+)$/.exec(String(url))?.[1];
    if (encoded === undefined) throw new Error("plotly.js returned no PNG");
    return Buffer.from(encoded, "base64");
  }

  /** Ends the browser and removes its profile. */
  readonly close = (): void => {
    process.removeListener("exit", this.close);
    this.#ended ??= new Error("the browser was closed");
    killGroup(this.#child);
    rmSync(this.#profile, { recursive: true, force: true, maxRetries: 3 });
  };

  async #load(): Promise<void> {
    // The shapes are those of the DevTools protocol: Target and Runtime.
    const target = (await this.#pipe.send("Target.createTarget", { url: "about:blank" })) as {
      targetId: string;
    };
    const attached = (await this.#pipe.send("Target.attachToTarget", {
      targetId: target.targetId,
      flatten: true,
    })) as { sessionId: string };
    this.#session = attached.sessionId;
    const source = createRequire(import.meta.url).resolve("plotly.js-dist-min");
    await this.#evaluate(`${readFileSync(source, "utf8")};typeof Plotly.toImage`);
  }

  async #evaluate(expression: string): Promise<unknown> {
    if (this.#ended !== undefined) throw this.#ended;
    const parameters = { expression, awaitPromise: true, returnByValue: true };
    // Runtime.evaluate of the DevTools protocol.
    const answer = (await this.#pipe.send("Runtime.evaluate", parameters, this.#session)) as {
      result: { value?: unknown };
      exceptionDetails?: { text: string; exception?: { description?: string } };
    };
    const failure = answer.exceptionDetails;
    if (failure !== undefined) throw new Error(failure.exception?.description ?? failure.text);
    return answer.result.value;
  }

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

async function withTimeout<T>(work: Promise<T>, timeoutMs: number, doing: string): Promise<T> {
  const late = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    late.reject(new Error(`${doing} took longer than ${timeoutMs / 1000} s`));
  }, timeoutMs);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearTimeout(timer);
  }
}
