/** What a bridge shows of itself in a notebook. */
import { factsBundle } from "../display/facts.ts";
import type { MimeBundle } from "../display/mime.ts";
import type { GAMABridge } from "./gama-bridge.ts";

export function bridgeBundle(bridge: GAMABridge): MimeBundle {
  const stats = bridge.stats();
  return factsBundle(`GAMABridge, ${describeState(bridge)}`, {
    host: stats.host && `${stats.host.name}, process ${stats.host.pid}`,
    "bulk data by": stats.plane,
    "processes started": stats.starts,
    calls: stats.calls,
    waiting: stats.waiting,
    repeated: stats.repeated,
    "shared memory, bytes": stats.arenaBytes,
  });
}

function describeState({ isClosed, pid }: GAMABridge): string {
  if (isClosed) return "shut down";
  return pid === undefined ? "no process yet" : `process ${pid}`;
}
