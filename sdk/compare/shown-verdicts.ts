/** What judgements show of themselves in a notebook: first the sentence, then what it stands on. */
import type { Interval } from "../bridge/protocol.gen.ts";
import { factsBundle } from "../display/facts.ts";
import type { MimeBundle } from "../display/mime.ts";
import { table } from "../display/table.ts";
import type { AnytimeEvidence } from "./anytime.ts";
import type { Judgement } from "./judge.ts";
import type { CostJudgement } from "./judge-cost.ts";
import type { PowerOutcome } from "./power-card.ts";
import { noInterval } from "./report/words.ts";
import type { CostVerdict, Verdict } from "./verdict-types.ts";

export function verdictBundle(verdict: Verdict): MimeBundle {
  const { a, b, scoreA, scoreB, test, pAdjusted, adjustedBy, couldHaveSeen, reason } = verdict;
  return factsBundle(verdict.sentence, {
    claim: verdict.claim === null ? undefined : `${verdict.claim}: ${shown(verdict.shown)}`,
    "what holds": verdict.supports.length === 0 ? "nothing" : verdict.supports,
    [`score of ${a}`]: scoreA,
    [`score of ${b}`]: scoreB,
    interval: written(verdict.interval, percent) ?? noInterval(reason),
    test: test ?? undefined,
    "adjusted p":
      pAdjusted === null ? undefined : `${Number(pAdjusted.toPrecision(3))} (${adjustedBy})`,
    "could have seen": couldHaveSeen === null ? undefined : percent(couldHaveSeen),
    margin: verdict.margin === null ? undefined : percent(verdict.margin),
    "clips that only one got right":
      verdict.onlyA === null ? undefined : `${verdict.onlyA} and ${verdict.onlyB}`,
    clips: verdict.clips,
    sources: verdict.sources,
  });
}

export function judgementBundle({ verdicts }: Judgement): MimeBundle {
  const rows = verdicts.map((verdict) => ({ verdict: verdict.sentence, family: verdict.family }));
  return tableBundle(rows, "Verdicts");
}

export function costVerdictBundle(verdict: CostVerdict): MimeBundle {
  return factsBundle(verdict.sentence, {
    interval: written(verdict.interval, times) ?? noInterval(verdict.reason),
    test: verdict.test,
    "adjusted p": verdict.pAdjusted,
    "noise floor": verdict.floor === null ? "not measured" : times(verdict.floor),
    [`median of ${verdict.a}`]: verdict.medianA,
    [`median of ${verdict.b}`]: verdict.medianB,
    [verdict.unit === "block" ? "blocks" : "processes"]: verdict.units,
  });
}

export function costJudgementBundle({ verdicts }: CostJudgement): MimeBundle {
  return tableBundle(
    verdicts.map(({ sentence }) => ({ verdict: sentence })),
    "Cost",
  );
}

export function powerBundle(card: PowerOutcome): MimeBundle {
  const { clips, sources, power, alpha, margin, method, reason } = card;
  const title = `${clips} clips of ${sources} sources, ${percent(power)} power at alpha ${alpha} (${method})`;
  if (reason !== null) return factsBundle(title, { "no card": reason });
  const rows = card.rows.map((row) => ({
    "clips on which only one is right": percent(row.discordance),
    "likeness within a source": row.correlation,
    "finds a difference of": row.resolves === null ? "none" : percent(row.resolves),
    ...(margin === null
      ? {}
      : {
          [`power for ${percent(margin)}`]: percent(row.powerAtMargin ?? Number.NaN),
          "sources needed for it": row.sourcesNeeded ?? "no number of them",
        }),
  }));
  return tableBundle(rows, title);
}

export function anytimeBundle(evidence: AnytimeEvidence): MimeBundle {
  const { e, low, high, rejectedAt, method } = evidence;
  const title =
    rejectedAt === null
      ? `No difference is shown after ${e.length} sources`
      : `A difference is shown: after ${rejectedAt} sources`;
  return factsBundle(title, {
    "e now": e.at(-1),
    "difference between": `${percent(low.at(-1) ?? -1)} and ${percent(high.at(-1) ?? 1)}`,
    method,
  });
}

function tableBundle(rows: Record<string, unknown>[], title: string): MimeBundle {
  const { source, text } = table(rows, { title });
  return { "text/html": source, "text/plain": text };
}

function shown(found: boolean | null): string {
  return found === true ? "shown" : "not shown";
}

function written(interval: Interval | null, write: (value: number) => string): string | null {
  if (interval === null) return null;
  return `${write(interval.low)} to ${write(interval.high)}, ${percent(interval.level)} (${interval.method})`;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

function times(ratio: number): string {
  return `${Number(ratio.toPrecision(3))} ×`;
}
