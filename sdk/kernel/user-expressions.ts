/** `user_expressions` of an execute request: what a front end wants to know after a cell. */

import { CellSyntaxError } from "./cell-syntax-error.ts";
import type { rewriteCell } from "./rewrite.ts";
import type { ExpressionOutcome, UserExpression } from "./thread-messages.ts";
import type { JsonObject } from "./wire-message.ts";

/** The expressions of a request as scripts; one that does not parse carries its error. */
export function userExpressions(
  requested: unknown,
  executionCount: number,
  nextCell: () => number,
  rewrite: (source: string) => ReturnType<typeof rewriteCell>,
): UserExpression[] {
  if (typeof requested !== "object" || requested === null) return [];
  return Object.entries(requested).map(([name, value]) => {
    const source = String(value);
    try {
      const { code, map } = rewrite(source);
      return { name, script: { cell: nextCell(), executionCount, source, code, map } };
    } catch (error) {
      if (!(error instanceof CellSyntaxError)) throw error;
      return { name, script: error.report(`user expression ${name}`, source) };
    }
  });
}

/** The field of the reply. */
export function expressionReplies(outcomes: readonly ExpressionOutcome[]): JsonObject {
  return Object.fromEntries(
    outcomes.map((it) => {
      if ("error" in it) return [it.name, { status: "error", ...it.error }];
      const { data, metadata }: JsonObject = JSON.parse(it.content);
      return [it.name, { status: "ok", data, metadata }];
    }),
  );
}
