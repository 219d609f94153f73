import type { GAMABridge } from "../bridge/gama-bridge.ts";
import type { StopProfileResult } from "../bridge/protocol.gen.ts";
import { borrowSharedBridge } from "../bridge/shared-bridge.ts";
import {
  ClosedError,
  InvalidArgumentError,
  ProcessExitError,
  ProfileLostError,
} from "../errors.ts";
import { MemoryReport } from "./memory-report.ts";
import { NodeMemoryProbe } from "./node-memory.ts";

/** What is profiled, and how finely. */
export interface ProfileOptions {
  /** The process that is watched. @default the one that all services share */
  readonly bridge?: GAMABridge | undefined;
  /** Stands in the report's title. */
  readonly name?: string | undefined;
  /**
   * Between samples of the timeline; the peaks of the phases do not depend on it.
   * Minimum: 0.001. Maximum: 60.
   * @default 0.01
   */
  readonly intervalSeconds?: number | undefined;
  /** Aborting ends the profile and rejects with the signal's reason; the work itself is yours to stop. */
  readonly signal?: AbortSignal | undefined;
}

const INTERVAL_SECONDS = 0.01;

/**
 * Where does the memory go while `work` runs? Every phase of every operation of the Python process,
 * with its exact peak.
 *
 * Profiles may run inside and beside each other. One process is watched: services with a bridge of
 * their own need it as `options.bridge`.
 *
 * @throws whatever `work` throws; the profile is then given up
 * @throws ProfileLostError the process ended meanwhile, and the work did not mind
 *
 * @example
 * const report = await profile(() => gama.extractFeatures(clips));
 * report.python.peakPhase; // "encode"
 * report.value.shape;
 */
export async function profile<T>(
  work: () => Promise<T> | T,
  options: ProfileOptions = {},
): Promise<MemoryReport<T>> {
  const { signal } = options;
  const running = await beginProfile(options);
  const aborted = rejectionOf(signal);
  try {
    signal?.throwIfAborted();
    const value = await Promise.race([Promise.resolve().then(work), aborted.promise]);
    return await running.end(value);
  } catch (error) {
    const ended = running.giveUp();
    // Behind work that still runs Python ends the profile late; who has aborted waits no longer.
    if (!signal?.aborted) await ended;
    throw error;
  } finally {
    aborted.forget();
  }
}

/** A profile between its two ends. */
export interface RunningProfile {
  /**
   * Ends it.
   *
   * @throws ProfileLostError the process ended before
   */
  end<T>(value: T): Promise<MemoryReport<T>>;
  /** Ends it without a report; never rejects. */
  giveUp(): Promise<void>;
}

/** Begins a profile; someone must end it. */
export async function beginProfile(options: ProfileOptions = {}): Promise<RunningProfile> {
  const { name = "", intervalSeconds = INTERVAL_SECONDS, signal } = options;
  if (!(intervalSeconds >= 0.001 && intervalSeconds <= 60)) {
    throw new InvalidArgumentError("intervalSeconds", "from 0.001 to 60", intervalSeconds);
  }
  signal?.throwIfAborted();
  const { bridge, giveBack } = options.bridge ? borrowOwn(options.bridge) : borrowSharedBridge();
  let isOver = false;
  try {
    // Without the signal: an answer that nobody takes would leave the profile running.
    const started = bridge.executeOperation("start_profile", { interval: intervalSeconds });
    const { processNumber } = bridge;
    const { profile: number } = await started;
    const node = new NodeMemoryProbe(intervalSeconds);
    const stop = async (): Promise<StopProfileResult | undefined> => {
      isOver = true;
      try {
        // In another process the number would name another profile, or none.
        if (bridge.processNumber !== processNumber) return undefined;
        return await bridge.executeOperation("stop_profile", { profile: number });
      } finally {
        await giveBack();
      }
    };
    return {
      end: async (value) => {
        if (isOver) throw new ClosedError("profile");
        const memory = node.end();
        const python = await stop().catch((error: unknown) => {
          throw error instanceof ProcessExitError ? new ProfileLostError(value, error) : error;
        });
        if (python === undefined) throw new ProfileLostError(value);
        return new MemoryReport({ name, value, python, node: memory });
      },
      giveUp: async () => {
        if (isOver) return;
        node.end();
        await stop().catch(() => undefined); // the caller has an error of their own to tell
      },
    };
  } catch (error) {
    await giveBack();
    throw error;
  }
}

function borrowOwn(bridge: GAMABridge): ReturnType<typeof borrowSharedBridge> {
  return { bridge, giveBack: async () => {} };
}

/** A promise that rejects when the signal aborts. */
function rejectionOf(signal: AbortSignal | undefined): {
  readonly promise: Promise<never>;
  readonly forget: () => void;
} {
  const { promise, reject } = Promise.withResolvers<never>();
  promise.catch(() => undefined); // raced, or forgotten
  const onAbort = (): void => reject(signal?.reason);
  if (signal?.aborted) onAbort();
  signal?.addEventListener("abort", onAbort, { once: true });
  return { promise, forget: () => signal?.removeEventListener("abort", onAbort) };
}
