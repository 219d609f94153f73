/** The papers behind the statistics; a report cites those whose method it used. */
import type { StudyResults } from "../results-types.ts";

const REFERENCES: readonly (readonly [method: RegExp, reference: string])[] = [
  [
    /cluster jackknife/,
    "Cameron and Miller, A practitioner's guide to cluster-robust inference, Journal of Human Resources 50, 2015",
  ],
  [
    /sign flip|drawn|permutation|swap/i,
    "Phipson and Smyth, Permutation p-values should never be zero, Statistical Applications in Genetics and Molecular Biology 9, 2010",
  ],
  [
    /McNemar/,
    "Fagerland, Lydersen and Laake, The McNemar test for binary matched-pairs data, BMC Medical Research Methodology 13, 2013",
  ],
  [
    /BCa/,
    "Efron, Better bootstrap confidence intervals, Journal of the American Statistical Association 82, 1987",
  ],
  [
    /cluster bootstrap/,
    "Hesterberg, What teachers should know about the bootstrap, The American Statistician 69, 2015",
  ],
  [
    /Holm/,
    "Holm, A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6, 1979",
  ],
  [
    /Benjamini/,
    "Benjamini and Hochberg, Controlling the false discovery rate, Journal of the Royal Statistical Society B 57, 1995",
  ],
  [
    /equivalen|not worse/,
    "Schuirmann, A comparison of the two one-sided tests procedure and the power approach, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987",
  ],
  [/could have seen/, "Bloom, Minimum detectable effects, Evaluation Review 19, 1995"],
  [
    /order statistics/,
    "Hahn and Meeker, Statistical intervals, section 5.2, Wiley 1991 (of quantiles of calls)",
  ],
  [
    /Hodges-Lehmann/,
    "Hodges and Lehmann, Estimates of location based on rank tests, Annals of Mathematical Statistics 34, 1963",
  ],
];

/** In the order of their first use in a methods section. */
export function referencesOf({ verdicts, tasks, cost }: StudyResults): string[] {
  const used = [
    ...verdicts.flatMap(({ test, interval, beside, adjustedBy, margin, couldHaveSeen }) => [
      test,
      interval?.method,
      beside.bootstrap?.method,
      adjustedBy,
      margin === null ? null : "equivalent",
      couldHaveSeen === null ? null : "could have seen",
    ]),
    ...tasks.flatMap(({ arms }) => arms.map(({ interval }) => interval?.method)),
    ...(cost ?? []).flatMap(({ test, interval, quantilesA }) => [
      test,
      interval?.method,
      quantilesA.length > 0 ? "order statistics" : null,
    ]),
  ].join("\n");
  return REFERENCES.filter(([method]) => method.test(used)).map(([, reference]) => reference);
}
