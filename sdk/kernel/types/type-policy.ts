/** What happens to a cell whose types are wrong. */

/** `block`: it does not run; `warn`: it runs, and the errors are told; `off`: nothing is checked. */
export type TypePolicy = "block" | "warn" | "off";

const POLICIES: readonly TypePolicy[] = ["block", "warn", "off"];
export const DEFAULT_POLICY: TypePolicy = "block";

export function isTypePolicy(value: unknown): value is TypePolicy {
  return POLICIES.some((policy) => policy === value);
}

/** Options of `kernelOptions`. */
export interface KernelSettings {
  readonly types?: TypePolicy;
  /** The longest that a check may hold up a cell, in ms; a cell that runs first is told its errors late. @default 500 */
  readonly checkTimeoutMs?: number;
}

/** Settings that a cell asks for. @throws TypeError with what is allowed */
export function checkSettings(settings: KernelSettings): KernelSettings {
  for (const [name, value] of Object.entries(settings)) {
    if (name === "types") {
      if (isTypePolicy(value)) continue;
      throw new TypeError(`kernelOptions: types is one of ${POLICIES.join(", ")}, got ${value}`);
    }
    if (name !== "checkTimeoutMs") {
      throw new TypeError(`kernelOptions: no option "${name}"; there are types and checkTimeoutMs`);
    }
    if (!(typeof value === "number" && value >= 0)) {
      throw new TypeError(`kernelOptions: checkTimeoutMs is a number ≥ 0, got ${value}`);
    }
  }
  return { ...settings };
}

/** The policy that `GRYM_TYPES` asks for; a word that is none of them gets a note. */
export function policyOf(env: NodeJS.ProcessEnv): { policy: TypePolicy; note?: string } {
  const asked = env["GRYM_TYPES"] || DEFAULT_POLICY;
  if (isTypePolicy(asked)) return { policy: asked };
  const note = `GRYM_TYPES=${asked} is none of ${POLICIES.join(", ")}; taken as ${DEFAULT_POLICY}`;
  return { policy: DEFAULT_POLICY, note };
}
