/** What the kernel says about itself. */

import type { JsonObject } from "./wire-message.ts";

/** Content of `kernel_info_reply`. */
export const KERNEL_INFO: JsonObject = {
  status: "ok",
  protocol_version: "5.4",
  implementation: "grym-synth",
  implementation_version: "0.1.0",
  language_info: {
    name: "typescript",
    version: "7.0",
    // JupyterLab knows TypeScript by this type and name; with others it highlights nothing.
    mimetype: "application/typescript",
    file_extension: ".ts",
    pygments_lexer: "typescript",
    codemirror_mode: "typescript",
    nbconvert_exporter: "script",
  },
  banner: `grym-synth: TypeScript on Node ${process.versions.node}`,
  debugger: true,
  supported_features: ["debugger"],
  help_links: [
    { text: "TypeScript handbook", url: "https://www.typescriptlang.org/docs/handbook/" },
    { text: "Node.js", url: "https://nodejs.org/docs/latest-v24.x/api/" },
  ],
};
