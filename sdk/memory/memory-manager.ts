import type { CallOptions } from "../bridge/call-options.ts";
import type { GAMABridge } from "../bridge/gama-bridge.ts";
import { sharedBridge } from "../bridge/shared-bridge.ts";
import { factsBundle } from "../display/facts.ts";
import type { MimeBundle } from "../display/mime.ts";
import { InvalidArgumentError } from "../errors.ts";
import { showAs } from "../shown-object.ts";
import { makePlan, type PlanOptions } from "./make-plan.ts";
import type { MemoryPlan } from "./memory-plan.ts";
import type { MemoryReport } from "./memory-report.ts";
import { beginProfile } from "./profile.ts";
import { type ReleasedResources, type ReleaseOptions, releaseResources } from "./release.ts";

/** How a manager plans and watches; the seed's MemoryConfig as far as measured numbers need it. */
export interface MemoryConfig {
  /** The process that is watched and freed. @default the one that all services share */
  readonly bridge?: GAMABridge | undefined;
  /**
   * Budget of plans that are given none, bytes.
   * @default what is in use and what is available at the time, less `reserve`
   */
  readonly maxMemory?: number | undefined;
  /**
   * Left for the rest of the machine where the budget is not given, bytes.
   * @default 256 MiB
   */
  readonly reserve?: number | undefined;
  /**
   * Largest batch of a plan.
   * @default 64
   */
  readonly maxBatchSize?: number | undefined;
  /**
   * Share of a predicted peak that a plan keeps free.
   * @default 0.1: `benchmarks/memory-plans.ts` measures how much is needed
   */
  readonly margin?: number | undefined;
  /**
   * Between samples of `monitorOperation`, seconds.
   * @default 0.01
   */
  readonly intervalSeconds?: number | undefined;
}

/** An operation that is watched. */
export interface MonitoringHandle {
  /**
   * Ends the watch. Once: a second call rejects.
   *
   * @throws ProfileLostError the process ended meanwhile
   */
  end(): Promise<MemoryReport<undefined>>;
}

const RESERVE = 256 * 1024 * 1024;
const MAX_BATCH_SIZE = 64;
const MARGIN = 0.1;

/**
 * The seed's three verbs: watch an operation, plan one within a budget, give memory back.
 *
 * @example
 * const memory = new MemoryManager();
 * const plan = await memory.optimizeForOperation("extractFeatures", { service, seconds: 10 });
 * const table = await embed(service, "recordings/", { batchSize: plan.batchSize });
 */
export class MemoryManager {
  readonly #config: MemoryConfig;

  /** @throws InvalidArgumentError a limit that is none */
  constructor(config: MemoryConfig = {}) {
    const { maxMemory, reserve, maxBatchSize, margin } = config;
    check("maxMemory", "a number above 0", maxMemory, (value) => value > 0);
    check("reserve", "0 or more", reserve, (value) => value >= 0);
    check("margin", "0 or more", margin, (value) => value >= 0);
    check("maxBatchSize", "a whole number >= 1", maxBatchSize, (value) => {
      return Number.isInteger(value) && value >= 1;
    });
    this.#config = config;
    showAs(this, () => managerBundle(config));
  }

  /**
   * Watches the process until the handle's `end`.
   *
   * @param operation stands in the report's title
   */
  async monitorOperation(operation: string): Promise<MonitoringHandle> {
    const { bridge, intervalSeconds } = this.#config;
    const running = await beginProfile({ bridge, intervalSeconds, name: operation });
    return { end: () => running.end(undefined) };
  }

  /**
   * The largest batch that stays within the budget: from two probe runs of the real operation on
   * this machine, never from constants.
   *
   * A plan that is not feasible says so, with the smallest feasible budget. Half precision, windows
   * and quantisation change what comes out, and gradient checkpointing does nothing without a
   * gradient: none of them is offered here.
   */
  async optimizeForOperation(
    operation: "extractFeatures",
    options: PlanOptions,
  ): Promise<MemoryPlan> {
    if (operation !== "extractFeatures") {
      throw new InvalidArgumentError("operation", '"extractFeatures"', operation);
    }
    const { maxMemory, reserve = RESERVE } = this.#config;
    const { maxBatchSize = MAX_BATCH_SIZE, margin = MARGIN } = this.#config;
    const budget = options.budget ?? maxMemory;
    return await makePlan({ ...options, budget }, { reserve, maxBatchSize, margin });
  }

  /** Gives back what the process holds and does not need; unloads models where that is asked. */
  async releaseResources(
    options: ReleaseOptions = {},
    call: CallOptions = {},
  ): Promise<ReleasedResources> {
    return await releaseResources(this.#config.bridge ?? sharedBridge(), options, call);
  }
}

function managerBundle({ bridge, ...config }: MemoryConfig): MimeBundle {
  return factsBundle("MemoryManager", {
    process: bridge === undefined ? "the one that all services share" : "of its own bridge",
    "budget, bytes": config.maxMemory ?? "what is available, less the reserve",
    "reserve, bytes": config.reserve ?? RESERVE,
    "largest batch": config.maxBatchSize ?? MAX_BATCH_SIZE,
    margin: config.margin ?? MARGIN,
  });
}

function check(
  field: string,
  expected: string,
  value: number | undefined,
  isValid: (value: number) => boolean,
): void {
  if (value === undefined || (Number.isFinite(value) && isValid(value))) return;
  throw new InvalidArgumentError(field, expected, value);
}
