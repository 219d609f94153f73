/** From words to labels, by rules that are fixed before a clip is heard. */
import { InvalidArgumentError } from "../errors.ts";
import { digestOf } from "../records/run/canonical-json.ts";
import type { MapperReference } from "./study-types.ts";

/** Phrases by label. */
export type Phrases = Readonly<Record<string, readonly string[]>>;

/** A rule with its phrases; `sha256` is their digest. */
export interface LabelMapper extends MapperReference {
  readonly name: typeof NAME;
  /** Of the labels that a task asks for. */
  readonly phrases: Phrases;
  /** Of labels that the model may name and the task does not ask for. */
  readonly others: Phrases;
}

/** What a text says. */
export type Mapped =
  | { readonly status: "ok" | "other"; readonly label: string }
  | { readonly status: "unmapped"; readonly label: null };

/** Changes with every change of the rule, so that two versions are never taken for one. */
const NAME = "labels@1";
const ARTICLE = /\b(a|an|the)\b/g;

/**
 * A mapper that looks for whole phrases, without regard to case, punctuation and articles. Longer phrases are
 * looked for first, and what they matched is not matched again; a text that names two labels is unmapped.
 *
 * @throws InvalidArgumentError a phrase without words, or one that two labels have
 */
export function labelMapper(phrases: Phrases, others: Phrases = {}): LabelMapper {
  const seen = new Set<string>();
  for (const phrase of [phrases, others].flatMap((each) => Object.values(each).flat())) {
    const words = normalise(phrase);
    if (words === "" || seen.has(words)) {
      throw new InvalidArgumentError("phrases", "words, each of one label", phrase);
    }
    seen.add(words);
  }
  return { name: NAME, sha256: digestOf({ name: NAME, phrases, others }), phrases, others };
}

/** Says which label a text names. */
export function mapLabel(text: string, { phrases, others }: LabelMapper): Mapped {
  const known = [
    ...listPhrases(phrases).map((each) => ({ ...each, status: "ok" as const })),
    ...listPhrases(others).map((each) => ({ ...each, status: "other" as const })),
  ].sort((a, b) => b.words.length - a.words.length);
  let rest = ` ${normalise(text)} `;
  const found = new Map<string, Mapped>();
  for (const { words, label, status } of known) {
    const without = rest.replaceAll(` ${words} `, " | ");
    if (without !== rest) found.set(label, { status, label });
    rest = without;
  }
  const [only] = found.values();
  return only !== undefined && found.size === 1 ? only : { status: "unmapped", label: null };
}

function listPhrases(phrases: Phrases): { words: string; label: string }[] {
  return Object.entries(phrases).flatMap(([label, each]) =>
    each.map((phrase) => ({ words: normalise(phrase), label })),
  );
}

function normalise(text: string): string {
  const letters = text.toLowerCase().replaceAll(/[^\p{L}\p{N}]+/gu, " ");
  return letters.replaceAll(ARTICLE, " ").replaceAll(/ +/g, " ").trim();
}
