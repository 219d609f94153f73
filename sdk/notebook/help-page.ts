import { display } from "../display/display.ts";
import { kernelHook } from "../display/kernel-hook.ts";
import type { MimeBundle } from "../display/mime.ts";
import type { HelpOptions } from "./help.ts";
import { describeExport } from "./help-source.ts";
import { describeValue } from "./help-value.ts";

/** One member of what is explained. */
export interface HelpMember {
  /** As it is written. */
  readonly signature: string;
  /** The first sentence of its documentation; empty where there is none. */
  readonly summary: string;
}

/** What is known of a value. */
export interface HelpPage {
  readonly signature: string;
  /** Markdown; empty where there is none. */
  readonly docs: string;
  readonly members: readonly HelpMember[];
}

/** Shows help in the pager, or where `display` shows things. */
export async function showHelp(value: unknown, { pager = false }: HelpOptions): Promise<void> {
  const page = (await describeExport(value)) ?? describeValue(value);
  const bundle = pageBundle(page);
  const kernel = kernelHook();
  if (pager && kernel !== undefined) kernel.page(bundle);
  else await display(bundle, { raw: true });
}

function pageBundle({ signature, docs, members }: HelpPage): MimeBundle {
  const listed = members.map(({ signature: member, summary }) => {
    return summary === "" ? `- \`${member}\`` : `- \`${member}\`: ${summary}`;
  });
  const parts = [`\`\`\`ts\n${signature}\n\`\`\``, docs, listed.join("\n")];
  const lines = members.flatMap(({ signature: member, summary }) => [
    `  ${member}`,
    ...(summary === "" ? [] : [`      ${summary}`]),
  ]);
  return {
    "text/markdown": parts.filter((part) => part !== "").join("\n\n"),
    "text/plain": [signature, docs, lines.join("\n")].filter((part) => part !== "").join("\n\n"),
  };
}
