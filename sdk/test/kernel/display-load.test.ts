import { expect, it } from "vitest";
import { listLoadedModules } from "../index/loaded-modules.ts";

const PROGRAM = `
  const { toMimeBundle } = await import("./kernel/display.ts");
  await toMimeBundle(2);
`;

it("a kernel that shows numbers loads nothing of the display but what a bundle and the hook are", async () => {
  const loaded = await listLoadedModules(PROGRAM);
  const ofDisplay = loaded.filter((path) => path.startsWith("sdk/display/"));
  expect(ofDisplay).toEqual([
    "sdk/display/display-order.ts",
    "sdk/display/kernel-hook.ts",
    "sdk/display/mime.ts",
    "sdk/display/tslab-hook.ts",
  ]);
  const later = await listLoadedModules(`${PROGRAM} await toMimeBundle([{ a: 1 }]);`);
  expect(later).toContain("sdk/display/table.ts");
  expect(later).not.toContain("sdk/display/figure.ts");
});
