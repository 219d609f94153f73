import { GAMABridge } from "./gama-bridge.ts";

interface SharedBridge {
  readonly bridge: GAMABridge;
  /** Services: the last one's end is the process's end. */
  holders: number;
  /** Profiles: they keep the process only as long as they run. */
  borrowers: number;
  /** The last holder has gone; the last borrower must end the process. */
  isLeft: boolean;
}

let shared: SharedBridge | undefined;

/** The process that services and statistics use unless they are given a bridge of their own. */
export function sharedBridge(): GAMABridge {
  return current().bridge;
}

/** Counts a user of the shared bridge. */
export function holdSharedBridge(): GAMABridge {
  const entry = current();
  entry.holders += 1;
  entry.isLeft = false;
  return entry.bridge;
}

/** The last user's release ends the process. */
export async function releaseSharedBridge(bridge: GAMABridge): Promise<void> {
  if (shared?.bridge !== bridge) return;
  shared.holders -= 1;
  shared.isLeft = shared.holders === 0;
  await endIfLeft(shared);
}

/**
 * Keeps the shared process alive although its last user goes, for one who watches it; who only
 * watches does not end it.
 */
export function borrowSharedBridge(): {
  readonly bridge: GAMABridge;
  readonly giveBack: () => Promise<void>;
} {
  const entry = current();
  entry.borrowers += 1;
  const giveBack = async (): Promise<void> => {
    entry.borrowers -= 1;
    await endIfLeft(entry);
  };
  return { bridge: entry.bridge, giveBack };
}

async function endIfLeft(entry: SharedBridge): Promise<void> {
  if (!entry.isLeft || entry.borrowers > 0) return;
  if (shared === entry) shared = undefined;
  await entry.bridge.shutdown();
}

/** `GRYM_HOST` names a host: then the models outlive this process, and a restarted kernel finds them. */
function makeBridge(): GAMABridge {
  const name = process.env["GRYM_HOST"];
  return name ? new GAMABridge({ transport: "attach", host: { name } }) : new GAMABridge();
}

function current(): SharedBridge {
  if (shared === undefined || shared.bridge.isClosed) {
    shared = { bridge: makeBridge(), holders: 0, borrowers: 0, isLeft: false };
  }
  return shared;
}
