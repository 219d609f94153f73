import { GAMABridge } from "./gama-bridge.ts";

let shared: { readonly bridge: GAMABridge; holders: number } | undefined;

/** The process that services and statistics use unless they are given a bridge of their own. */
export function sharedBridge(): GAMABridge {
  return current().bridge;
}

/** Counts a user of the shared bridge. */
export function holdSharedBridge(): GAMABridge {
  const entry = current();
  entry.holders += 1;
  return entry.bridge;
}

/** The last user's release ends the process. */
export async function releaseSharedBridge(bridge: GAMABridge): Promise<void> {
  if (shared?.bridge !== bridge) return;
  shared.holders -= 1;
  if (shared.holders > 0) return;
  shared = undefined;
  await bridge.shutdown();
}

function current(): { readonly bridge: GAMABridge; holders: number } {
  if (shared === undefined || shared.bridge.isClosed) {
    shared = { bridge: new GAMABridge(), holders: 0 };
  }
  return shared;
}
