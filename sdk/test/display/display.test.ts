import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { bundleOf, display, html, markdown } from "../../display/index.ts";
import { listenAsKernel } from "./kernel-double.ts";

describe("display in a notebook", () => {
  let kernel: ReturnType<typeof listenAsKernel>;
  beforeEach(() => {
    kernel = listenAsKernel();
  });
  afterEach(() => kernel.stop());

  test("publishes the bundle, with a name and as an update when asked", async () => {
    await display(html("<b>1</b>"), { displayId: "x" });
    await display(markdown("# 2"), { displayId: "x", update: true });
    expect(kernel.messages).toEqual([
      {
        data: { "text/plain": "1", "text/html": "<b>1</b>" },
        metadata: {},
        transient: { display_id: "x" },
        update: false,
      },
      {
        data: { "text/plain": "# 2", "text/markdown": "# 2" },
        metadata: {},
        transient: { display_id: "x" },
        update: true,
      },
    ]);
  });

  test("shows anything that follows the convention, promised bundles too, and all else as text", async () => {
    await display({ [Symbol.for("Jupyter.display")]: async () => ({ "text/latex": "$x$" }) });
    await display({ answer: 42 });
    expect(kernel.messages.map(({ data }) => data)).toEqual([
      { "text/latex": "$x$" },
      { "text/plain": "{ answer: 42 }" },
    ]);
  });
});

test("outside a notebook display prints the plain form", async () => {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  await display(html`<b>${"loud"}</b>`);
  await display([1, 2]);
  const printed = log.mock.calls.map(([text]) => text);
  log.mockRestore();
  expect(printed).toEqual(["loud", "[ 1, 2 ]"]);
});

test("the html tag escapes what it is given, but not html", async () => {
  const bundle = await bundleOf(html`<p title="${`"x"`}">${"<script>"}${html("<b>ok</b>")}</p>`);
  expect(bundle["text/html"]).toBe(`<p title="&quot;x&quot;">&lt;script&gt;<b>ok</b></p>`);
});
