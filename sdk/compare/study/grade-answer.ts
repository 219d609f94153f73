/** Right or wrong, where the manifest knows the answer: the rule by which the shipped models were evaluated. */

/** Changes with every change of the rule. */
export const GRADE = "exact@1";

/** Whether the words are those expected, without regard to case, punctuation and spaces. */
export function isRight(answer: string, expected: string): boolean {
  return normalise(answer) === normalise(expected);
}

function normalise(text: string): string {
  const words = text.toLowerCase().replaceAll(/[^\p{L}\p{N}_\s]/gu, " ");
  return words.replaceAll(/\s+/g, " ").trim();
}
