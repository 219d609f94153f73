import type { Html } from "../../display/html.ts";
import { MEL_STATISTICS_BASELINE } from "../study/baselines.ts";
import { verbatim } from "./pieces.ts";
import type { ReportSource } from "./report-source.ts";

/** Data, models and the run itself as BibTeX. */
export function bibliography(source: ReportSource): Html {
  return verbatim(bibtex(source));
}

export function bibtex({ results, run }: ReportSource): string {
  const { data, arms, name, question } = results;
  // Statistics of the signal are nobody's weights: methods describe them.
  const trained = arms.filter(({ baseline }) => baseline !== MEL_STATISTICS_BASELINE);
  const models = new Map(trained.map((arm) => [arm.model, arm]));
  const root = run?.seal?.root;
  const entries = [
    entry(data.name, { title: data.name, note: data.citation, annote: `licence ${data.licence}` }),
    ...[...models.values()].map(({ model, citation, licence }) =>
      entry(model, {
        title: model,
        note: citation,
        annote: licence === null ? null : `licence ${licence}`,
      }),
    ),
    entry(name, {
      title: question,
      howpublished: "run of grym-synth",
      note: root === undefined ? null : `root ${root}`,
    }),
  ];
  return [...new Set(entries)].join("\n\n");
}

/** What the authors wrote as BibTeX themselves is theirs. */
function entry(key: string, fields: Readonly<Record<string, string | null>>): string {
  const own = fields["note"] ?? "";
  if (own.trimStart().startsWith("@")) return own.trim();
  const lines = Object.entries(fields)
    .filter((field): field is [string, string] => field[1] !== null)
    .map(([name, value]) => `  ${name} = {${escapeTex(value)}},`);
  return `@misc{${key.replace(/[^\w.:-]+/g, "-")},\n${lines.join("\n")}\n}`;
}

function escapeTex(text: string): string {
  const escapes: Readonly<Record<string, string>> = {
    "\\": "\\textbackslash{}",
    "~": "\\textasciitilde{}",
    "^": "\\textasciicircum{}",
  };
  return text.replace(/[\\~^{}%&#$_]/g, (sign) => escapes[sign] ?? `\\${sign}`);
}
