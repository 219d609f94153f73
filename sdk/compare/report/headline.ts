import { type Html, html, trustedHtml } from "../../display/html.ts";
import type { ArmResult, StudyResults } from "../results-types.ts";
import type { Verdict } from "../verdict-types.ts";
import { unbeatenBaselines } from "./baselines.ts";
import { countLeftOut } from "./left-out.ts";
import { asPrinted, asSentence, between, count, listed, significant } from "./words.ts";

const STYLE = "font-size:1.12em;line-height:1.5;max-width:42em;margin:0.5em 0;";

/** The two sentences that a reader may stop after: what was found; what it cost, and what weakens it. */
export function headline(results: StudyResults): Html {
  const [found, weak] = headlineSentences(results);
  return trustedHtml(
    html`<p style="${STYLE}">${found}</p><p style="${STYLE}">${weak}</p>`.source,
    `${found}\n${weak}`,
  );
}

export function headlineSentences(results: StudyResults): readonly [found: string, weak: string] {
  return [foundSentence(results), weakSentence(results)];
}

function foundSentence({ verdicts, fairness, data, stopping }: StudyResults): string {
  const [first, ...others] = verdicts.filter(({ family }) => family === "primary");
  const said = first ?? verdicts[0];
  if (said === undefined) return "Nothing was compared.";
  const unfair = fairness.filter(({ ok }) => ok === false).map(({ what }) => what);
  const before = [
    ...(unfair.length > 0 ? [`Not a fair comparison (${listed(unfair)})`] : []),
    ...(data.clusterBy === null ? ["Each clip counted as its own source, since nobody says"] : []),
    ...(first === undefined ? ["Explored, not declared before"] : []),
    ...(stopping.sources < stopping.of
      ? [`Stopped after ${stopping.sources} of ${stopping.of} sources, as its rule allows`]
      : []),
  ];
  const lead = before.length === 0 ? "" : `${before.join("; ")}: `;
  return `${lead}${asSentence(withMore(asPrinted(said.sentence), others))}`;
}

/** The first claim in its own words, the others by their number. */
function withMore(sentence: string, others: readonly Verdict[]): string {
  const claims = others.filter(({ shown }) => shown !== null);
  if (claims.length === 0) return sentence;
  const shown = claims.filter((it) => it.shown).length;
  const were = shown === 1 ? "was" : "were";
  return `${sentence.replace(/\.$/, "")}; of ${count(claims.length, "further claim")} ${shown} ${were} shown`;
}

function weakSentence(results: StudyResults): string {
  const weak = weaknesses(results);
  const cost = costWords(results);
  if (weak.length === 0) return `${cost}; none of the checks below weakens the result.`;
  return `${cost}; what weakens it: ${weak.join(", ")}.`;
}

/** Of the first pair of arms whose cost was measured. */
function costWords({ cost }: StudyResults): string {
  const [first] = cost ?? [];
  if (first === undefined) return "Cost was not measured";
  const { a, b } = first;
  const same = (cost ?? []).filter((it) => it.a === a && it.b === b);
  const told = same.filter(({ word }) => word !== "undecided");
  if (told.length === 0) return `The costs of ${a} and ${b} could not be told apart`;
  const sizes = told.map(({ metric, ratio, interval }) => {
    const size = interval === null ? "" : ` ${between(interval, significant)}`;
    return `${significant(ratio)} times${size} the ${metric.replace(/ \(.*\)$/, "")}`;
  });
  return `${a} has ${listed(sizes)} of ${b}`;
}

/** What a reader should hold against the result, most serious first. */
export function weaknesses(results: StudyResults): string[] {
  const { arms, leakage, verdicts, tasks, data, spread } = results;
  // What a model was trained on is told of the arms, below.
  const open = leakage.filter(({ kind, resolved }) => kind !== "exposure" && !resolved);
  const primary = verdicts.find(({ family }) => family === "primary") ?? verdicts[0];
  // A baseline that answers nonsense is what it is there for.
  const asked = new Set(arms.flatMap(({ id, baseline }) => (baseline === null ? id : [])));
  const lost = tasks
    .flatMap(({ arms: each }) => each)
    .filter(({ arm }) => asked.has(arm))
    .reduce((sum, { counts }) => sum + counts.failed + counts.unmapped, 0);
  return [
    ...(open.length > 0 ? [`${count(open.length, "finding")} of leakage`] : []),
    ...(primary?.interval === null && primary.reason !== null ? [primary.reason] : []),
    ...signChanges(verdicts, spread),
    ...loneLabels(results),
    ...unbeatenBaselines(results),
    ...exposureWords(arms.filter(({ baseline }) => baseline === null)),
    ...(lost > 0 ? [`${count(lost, "answer")} failed or not understood, counted as wrong`] : []),
    ...(data.excluded.length > 0 ? [`${countLeftOut(results)} left out`] : []),
  ];
}

/** Labels that a probe has never seen when it is asked for them, since it is tested on sources of its own. */
function loneLabels({ classes, tasks }: StudyResults): string[] {
  const heldOut = tasks.filter(({ task, folds }) => folds !== null && task !== "tags");
  const known = classes.filter(({ task }) => heldOut.some((each) => each.task === task));
  const labels = new Set(known.map(({ label }) => label));
  const lone = new Set(known.flatMap(({ label, sources }) => (sources === 1 ? label : [])));
  if (lone.size === 0) return [];
  const [have, them] = lone.size === 1 ? ["has", "it"] : ["have", "them"];
  return [
    `${lone.size} of ${count(labels.size, "label")} ${have} one source, so that no held-out probe can name ${them}`,
  ];
}

/** Declared differences of which other folds give the other sign. */
function signChanges(verdicts: StudyResults["verdicts"], spread: StudyResults["spread"]): string[] {
  return spread.flatMap(({ a, b, task, metric, others }) => {
    const drawn = verdicts.find(
      (it) =>
        it.family === "primary" &&
        it.a === a &&
        it.b === b &&
        it.task === task &&
        it.metric === metric,
    );
    if (drawn === undefined) return [];
    const turned = others.filter(({ difference }) => difference * drawn.difference < 0).length;
    if (turned === 0) return [];
    return [
      `under ${turned} of ${count(others.length, "other draw")} of the folds the difference of ${a} and ${b} on ${task} has the other sign`,
    ];
  });
}

/** One clause for all arms of which the same is known. */
function exposureWords(arms: readonly ArmResult[]): string[] {
  const of = (kind: ArmResult["exposure"]["kind"]): string[] =>
    arms.filter(({ exposure }) => exposure.kind === kind).map(({ id }) => id);
  const clause = (
    ids: readonly string[],
    write: (names: string, verb: string) => string,
  ): string[] => (ids.length === 0 ? [] : [write(listed(ids), ids.length === 1 ? "was" : "were")]);
  return [
    ...clause(of("same corpus"), (names, verb) => `${names} ${verb} trained on this corpus`),
    ...clause(
      of("labels of these classes"),
      (names, verb) => `${names} ${verb} trained with labels of these classes`,
    ),
    ...clause(of("unknown"), (names, verb) => `what ${names} ${verb} trained on is not known`),
  ];
}
