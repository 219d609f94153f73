/** Whether the text at a console prompt is a whole cell yet. */

import { type OxcError, parseSync } from "oxc-parser";

/** Answer of `is_complete_request`. */
export type Completeness = "complete" | "incomplete" | "invalid";

/** Judges a text by the parser's errors: as TypeScript, else with JSX. */
export function isComplete(code: string): Completeness {
  const plain = judge(code, "ts");
  if (plain === "complete" || !code.includes("<")) return plain;
  const withJsx = judge(code, "tsx");
  return withJsx === "invalid" ? plain : withJsx;
}

function judge(code: string, lang: "ts" | "tsx"): Completeness {
  const { errors } = parseSync(`cell.${lang}`, code, { sourceType: "module", lang });
  if (errors.length === 0) return "complete";
  return errors.some((error) => endsTooSoon(code, error)) ? "incomplete" : "invalid";
}

function endsTooSoon(code: string, error: OxcError): boolean {
  const { message, labels } = error;
  if (message.includes("found `EOF`") || message.includes("Unterminated multiline")) return true;
  const start = labels[0]?.start ?? 0;
  // An open template literal goes on in the next line; an open quote never does.
  if (message.includes("Unterminated string")) return code[start] === "`";
  return message === "Unexpected token" && code.slice(start).trim() === "";
}
