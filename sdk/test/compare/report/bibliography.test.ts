import { describe, expect, it } from "vitest";
import { bibtex } from "../../../compare/index.ts";
import { RESULTS, sourceOf } from "./fixture.ts";

describe("bibtex", () => {
  it("has an entry for data, each model and the run, with TeX's signs escaped", () => {
    const data = { ...RESULTS.data, citation: "50 % of A & B_1, {x}" };
    const text = bibtex(sourceOf({ data }));
    expect(text).toContain("note = {50 \\% of A \\& B\\_1, \\{x\\}}");
    const trained = RESULTS.arms.filter(({ baseline }) => baseline === null);
    for (const { model } of trained) expect(text).toContain(`@misc{${model},`);
    // Mel statistics are nobody's weights.
    expect(text.match(/@misc\{/g)).toHaveLength(trained.length + 2);
  });

  it("has an entry once that two models share", () => {
    const citation = "@misc{both, title = {Both}}";
    const arms = RESULTS.arms.map((arm) => ({ ...arm, citation }));
    expect(bibtex(sourceOf({ arms })).match(/@misc\{both/g)).toHaveLength(1);
  });

  it("keeps an entry that the authors wrote", () => {
    const citation = "@inproceedings{piczak, title = {ESC}}";
    expect(bibtex(sourceOf({ data: { ...RESULTS.data, citation } }))).toContain(citation);
  });
});
