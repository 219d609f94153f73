/** What outcomes of the statistics show of themselves in a notebook. */
import type { Interval } from "../bridge/protocol.gen.ts";
import { factsBundle } from "../display/facts.ts";
import type { MimeBundle } from "../display/mime.ts";
import type { FewShotOutcome } from "./few-shot.ts";
import type { PairedDifference } from "./paired-difference.ts";
import type { ProbeOutcome } from "./probe.ts";
import type { TagOutcome } from "./probe-tags.ts";
import { noInterval } from "./report/words.ts";
import type { RetrievalOutcome } from "./retrieve.ts";

export function probeBundle(outcome: ProbeOutcome): MimeBundle {
  const { accuracy, majority, sources, settings, parameters, fold } = outcome;
  const held = settings.some((text) => text.includes("in training and test")) ? "clips" : "sources";
  return factsBundle(`Probe: ${percent(accuracy)} right, on ${held} never seen`, {
    interval: describeInterval(outcome),
    "always the most frequent label": percent(majority),
    clips: fold.filter((index) => index >= 0).length,
    sources,
    "chosen by fold": [...new Set(settings)],
    "fitted parameters": parameters,
  });
}

export function fewShotBundle(outcome: FewShotOutcome): MimeBundle {
  const { accuracy, draws, fold, sources, notes } = outcome;
  return factsBundle(`Few-shot: ${percent(accuracy)} right, on sources never seen`, {
    interval: describeInterval(outcome),
    draws: `${draws.length}: ${percent(Math.min(...draws))} to ${percent(Math.max(...draws))}`,
    clips: fold.filter((index) => index >= 0).length,
    sources,
    notes,
  });
}

export function tagBundle(outcome: TagOutcome): MimeBundle {
  const { names, ap, meanAp, fold, sources, settings } = outcome;
  const found = names.map((name, at) => [name, ap[at]?.toFixed(3) ?? "no judged clip has it"]);
  return factsBundle(`Tags: mAP ${meanAp.toFixed(3)}`, {
    "average precision": Object.fromEntries(found),
    clips: fold.filter((index) => index >= 0).length,
    sources,
    "chosen by fold": [...new Set(settings)],
  });
}

export function retrievalBundle(outcome: RetrievalOutcome): MimeBundle {
  const { ks, recall, meanAp, asked, failed } = outcome;
  const found = ks.map((k, at) => [`recall@${k}`, percent(recall[at] ?? Number.NaN)]);
  return factsBundle(`Retrieval among other sources: mAP ${meanAp.toFixed(3)}`, {
    ...Object.fromEntries(found),
    queries: asked.filter(Boolean).length,
    "without another source of their label": asked.filter((it) => !it).length,
    failed,
  });
}

export function pairedBundle(outcome: PairedDifference): MimeBundle {
  const { difference, meanA, meanB, pValue, test, clips, sources, onlyA, onlyB } = outcome;
  return factsBundle(`Difference a − b: ${signed(difference)}`, {
    interval: describeInterval(outcome, signed),
    p: pValue,
    test,
    "mean of a": meanA,
    "mean of b": meanB,
    "clips where a is better": onlyA,
    "clips where b is better": onlyB,
    clips,
    sources,
  });
}

function describeInterval(
  { interval, reason }: { interval: Interval | null; reason: string | null },
  write: (value: number) => string = percent,
): string {
  if (interval === null) return noInterval(reason);
  return `${write(interval.low)} to ${write(interval.high)}, ${percent(interval.level)} by source`;
}

function percent(share: number): string {
  return `${Number((100 * share).toFixed(1))} %`;
}

function signed(value: number): string {
  return `${value < 0 ? "−" : "+"}${Math.abs(value).toFixed(3)}`;
}
