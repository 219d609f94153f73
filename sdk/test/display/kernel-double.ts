import type { DisplayMessage } from "../../display/index.ts";

const HOOK = Symbol.for("grym-synth.kernel");

/** Stands where the kernel's hook stands, and keeps what was published. */
export function listenAsKernel(): { messages: DisplayMessage[]; stop(): void } {
  const messages: DisplayMessage[] = [];
  const globals = globalThis as { [key: symbol]: unknown };
  globals[HOOK] = {
    publish: (message: DisplayMessage) => messages.push(message),
    hold: () => undefined,
  };
  return {
    messages,
    stop: () => {
      delete globals[HOOK];
    },
  };
}
