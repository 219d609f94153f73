import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "../../../errors.ts";
import { canonicalJson, digestOf } from "../../../records/run/canonical-json.ts";
import { dataRoot, merkleRoot } from "../../../records/run/merkle.ts";

describe("canonicalJson", () => {
  it("writes the example of RFC 8785, section 3.2.2", () => {
    const value = {
      // biome-ignore lint/correctness/noPrecisionLoss: the digits are the RFC's
      numbers: [333333333.33333329, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
      string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
      literals: [null, true, false],
    };
    expect(canonicalJson(value)).toBe(
      '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
        '"string":"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
    );
  });

  it("sorts names by UTF-16 code units, as section 3.2.3 does", () => {
    const names = ["\u20ac", "\r", "\ufb33", "1", "\ud83d\ude00", "\u0080", "\u00f6"];
    const text = canonicalJson(Object.fromEntries(names.map((name) => [name, 0])));
    expect(Object.keys(JSON.parse(text))).toEqual([
      "1",
      "\r",
      "\u0080",
      "\u00f6",
      "\u20ac",
      "\ud83d\ude00",
      "\ufb33",
    ]);
    expect(text.indexOf('"\\r"')).toBeLessThan(text.indexOf('"1"'));
  });

  it("has one form for one value, whatever the order; what is undefined is not there", () => {
    expect(digestOf({ b: [1, 2], a: -0, c: undefined })).toBe(digestOf({ a: 0, b: [1, 2] }));
    expect(digestOf([1, 2])).not.toBe(digestOf([2, 1]));
  });

  it.each([
    ["a number that is not finite", { a: [Number.NaN] }, "value.a[0]"],
    ["half a surrogate pair", { a: "\ud800" }, "value.a"],
    ["undefined in a list", [undefined], "value[0]"],
    ["an object of a class", { at: new Date(0) }, "value.at"],
    ["a function", { f: () => 1 }, "value.f"],
    ["an array of bytes", { b: new Uint8Array(2) }, "value.b"],
  ])("refuses %s, and names its place", (_what, value, where) => {
    expect(() => canonicalJson(value)).toThrow(InvalidArgumentError);
    expect(() => canonicalJson(value)).toThrow(`\`${where}\``);
  });
});

describe("merkleRoot", () => {
  // Inputs and roots of the tests of Certificate Transparency (google/certificate-transparency,
  // merkle_tree_test), which RFC 6962 describes.
  const inputs = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
  ];
  const roots = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
  ];

  it.each(roots.map((root, index) => [index + 1, root] as const))(
    "of %i leaves is that of Certificate Transparency",
    (count, root) => {
      const leaves = inputs.slice(0, count).map((input) => Buffer.from(input, "hex"));
      expect(merkleRoot(leaves)).toBe(root);
    },
  );

  it("refuses the empty set, whose hash would name every empty set", () => {
    expect(() => merkleRoot([])).toThrow(InvalidArgumentError);
  });
});

describe("dataRoot", () => {
  const clip = { id: "a", sha256: "1", pcm: "2" };

  it("is the same in any order, and another when a file, a sample or a name changes", () => {
    const root = dataRoot([clip, { ...clip, id: "b" }]);
    expect(dataRoot([{ ...clip, id: "b" }, clip])).toBe(root);
    const others = [
      { ...clip, id: "c" },
      { ...clip, id: "b", sha256: "3" },
      { ...clip, id: "b", pcm: null },
    ];
    for (const other of others) expect(dataRoot([clip, other])).not.toBe(root);
  });

  it("refuses a clip that stands there twice", () => {
    expect(() => dataRoot([clip, clip])).toThrow("`id` to be unique");
  });
});
