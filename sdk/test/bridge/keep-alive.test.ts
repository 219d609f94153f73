/** `keepAlive`: the same as attaching, in one word. */
import { expect, it } from "vitest";
import type { BridgeOptions } from "../../bridge/bridge-options.ts";
import { GAMABridge } from "../../bridge/gama-bridge.ts";
import { InvalidArgumentError } from "../../errors.ts";
import { statusOf, useOwnHosts } from "./hosts.ts";

useOwnHosts();

const modelsOf = async (bridge: GAMABridge): Promise<string[]> =>
  (await bridge.executeOperation("status", {})).models.map(({ model_id }) => model_id);

it("keepAlive: true uses the host named default, and the next bridge finds its models", async () => {
  const first = new GAMABridge({ keepAlive: true });
  expect(await modelsOf(first)).toEqual([]);
  await first.executeOperation("load_model", { model: "fbank" });
  const { pid } = first;
  await first.shutdown();

  await using second = new GAMABridge({ keepAlive: true });
  expect(await modelsOf(second)).toEqual(["fbank"]);
  expect(second.pid).toBe(pid);
  expect(second.stats().host?.name).toBe("default");
  expect((await statusOf("default")).pid).toBe(second.stats().host?.pid);
});

it("the host may be named", async () => {
  await using bridge = new GAMABridge({ keepAlive: true, host: { name: "mine" } });
  await bridge.initialize();
  expect(bridge.stats().host?.name).toBe("mine");
});

it.each<[string, BridgeOptions, string]>([
  ["a transport that ends with us", { keepAlive: true, transport: "spawn" }, "`keepAlive`"],
  ["a transport that does not", { keepAlive: false, transport: "attach" }, "`keepAlive`"],
  ["a host without one", { keepAlive: false, host: { name: "mine" } }, "`host`"],
  ["an unknown transport", { transport: JSON.parse('"socket"') }, "`transport`"],
  ["a word", { keepAlive: JSON.parse('"yes"') }, "`keepAlive`"],
])("refuses %s", (_what, options, field) => {
  const make = (): GAMABridge => new GAMABridge(options);
  expect(make).toThrow(InvalidArgumentError);
  expect(make).toThrow(field);
});
