import { bundleOf } from "./bundle.ts";
import {
  type DisplayMessage,
  type DisplayOptions,
  displayHook,
  publishWhenMade,
  toMessage,
} from "./kernel-hook.ts";
import { isDisplayObject, type MimeBundle } from "./mime.ts";
import { printed } from "./values/printed.ts";

export { bundleOf };

/**
 * Shows a value in the running cell; outside a notebook prints its plain form to stdout. It is what a
 * cell has as its global `display`.
 *
 * What comes of which value: `bundleOf`.
 */
export async function display(value: unknown, options: DisplayOptions = {}): Promise<void> {
  const kernel = displayHook();
  if (kernel === undefined) console.log(await plainForm(value, options));
  else await publishWhenMade(kernel, () => displayMessage(value, options));
}

/** The message that shows a value. */
export async function displayMessage(
  value: unknown,
  options: DisplayOptions = {},
): Promise<DisplayMessage> {
  const isReady = options.raw === true && isBundle(value);
  return toMessage(isReady ? { ...value } : await bundleOf(value), options);
}

function isBundle(value: unknown): value is MimeBundle {
  return typeof value === "object" && value !== null;
}

async function plainForm(value: unknown, options: DisplayOptions): Promise<string> {
  // Our own objects know their text; asking for their bundle would render a picture in vain.
  if (isDisplayObject(value)) return value.text;
  const { "text/plain": text } = (await displayMessage(value, options)).data;
  return typeof text === "string" ? text : printed(value);
}
