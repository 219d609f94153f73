import { table as arquero } from "arquero";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bundleOf } from "../../display/index.ts";
import { readXml } from "./read-xml.ts";

const DISPLAY = Symbol.for("Jupyter.display");

async function shown(value: unknown): Promise<{ html: string; text: string }> {
  const bundle = await bundleOf(value);
  const html = String(bundle["text/html"] ?? "");
  // Well-formed, whatever stood in the value.
  if (html !== "") readXml(`<div>${html}</div>`);
  return { html, text: String(bundle["text/plain"]) };
}

describe("a bare { data, layout } of plotly", () => {
  beforeEach(() => {
    process.env["GRYM_BROWSER"] = "none";
  });
  afterEach(() => {
    delete process.env["GRYM_BROWSER"];
  });

  test("is a figure", async () => {
    const bundle = await bundleOf({ data: [{ y: [1, 2] }], layout: { title: { text: "Bare" } } });
    expect(bundle).toHaveProperty("application/vnd.plotly.v1+json");
    expect(bundle).toHaveProperty("image/svg+xml");
    expect(bundle["text/plain"]).toContain("Figure: Bare");
  });

  test("is text where it holds itself, as it could not be sent", async () => {
    const layout: Record<string, unknown> = {};
    layout["self"] = layout;
    const { text } = await shown({ data: [{ y: [1] }], layout });
    expect(text).toContain("Circular");
  });

  test("is no figure with other parts, or without series", async () => {
    expect((await shown({ data: [1], layout: {} })).text).toBe("{ data: [ 1 ], layout: {} }");
    const answer = { data: [{ y: [1] }], layout: {}, status: 200 };
    expect(Object.keys(await bundleOf(answer))).toEqual(["text/plain"]);
  });
});

describe("rows", () => {
  test("of plain objects are a table with types, first and last rows, and their number", async () => {
    const rows = Array.from({ length: 1000 }, (_, n) => ({ n, name: `clip ${n}` }));
    const { html, text } = await shown(rows);
    expect(html).toContain("number");
    for (const name of ["clip 0", "clip 9", "clip 990", "clip 999"]) expect(text).toContain(name);
    expect(text).not.toContain("clip 500");
    expect(text).toContain("… 980 more rows");
    expect(text).toContain("1000 rows × 2 columns");
  });

  test("of arquero have the types of their arrays", async () => {
    const { html, text } = await shown(arquero({ a: Float32Array.of(1, 2), b: ["x", "y"] }));
    expect(html).toContain("float32");
    expect(text).toContain("2 rows × 2 columns");
  });

  test("of a danfo frame and of its series are tables, told by what they have", async () => {
    const frame = {
      columns: ["model", "score"],
      dtypes: ["string", "float32"],
      shape: [2, 2],
      values: [
        ["gama", 0.5],
        ["fbank", 0.25],
      ],
    };
    const { html, text } = await shown(frame);
    expect(html).toContain("float32");
    expect(text).toMatch(/1 {2}fbank {5}0.250/);
    const series = { columns: ["score"], dtypes: ["int32"], shape: [2], values: [7, 8] };
    expect((await shown(series)).text).toMatch(/int32\n.*\n0 +7\n1 +8/);
  });

  test("that are no records are text: numbers, mixed values, objects without fields, none", async () => {
    for (const value of [[1, 2], [{ a: 1 }, 2], [{}], []]) {
      expect(Object.keys(await bundleOf(value))).toEqual(["text/plain"]);
    }
  });

  test("may have no prototype, hold themselves, or a getter that throws: it costs its own cell", async () => {
    const bare: Record<string, unknown> = Object.assign(Object.create(null), { a: 1 });
    bare["self"] = bare;
    const risky = {
      a: 2,
      get self() {
        throw new Error("not now");
      },
    };
    const { text } = await shown([bare, risky]);
    expect(text).toContain("[Circular");
    expect(text).toContain("[threw not now]");
  });

  test("of a thousand columns show fifty", async () => {
    const wide = Object.fromEntries(Array.from({ length: 1000 }, (_, n) => [`c${n}`, n]));
    const { html, text } = await shown([wide]);
    expect(readXml(html).filter(({ name }) => name === "th")).toHaveLength(51);
    expect(text).toContain("1 row × 1000 columns, the first 50 of them shown");
  });
});

describe("an error", () => {
  test("has its causes folded, each in the one before", async () => {
    const root = new RangeError("<too far>");
    const outer = new Error("outer", { cause: new TypeError("middle", { cause: root }) });
    const { html, text } = await shown(outer);
    const elements = readXml(html);
    expect(elements.filter(({ name }) => name === "details")).toHaveLength(2);
    const summaries = elements.filter(({ name }) => name === "summary").map((it) => it.text);
    expect(summaries).toEqual(["caused by TypeError: middle", "caused by RangeError: <too far>"]);
    expect(text).toContain("[cause]: TypeError: middle");
  });

  test("of several errors lists them, and one that causes itself ends", async () => {
    const many = new AggregateError([new Error("one"), "two"], "both");
    expect((await shown(many)).html.match(/one of/g)).toHaveLength(2);
    const circular = new Error("self");
    circular.cause = circular;
    expect((await shown(circular)).html).toContain("further causes");
  });
});

describe("values of the language", () => {
  test("a Map is a table of keys and values, a Set one of values", async () => {
    const map = new Map<unknown, unknown>([
      ["a", 1],
      [{ k: 1 }, [2]],
    ]);
    expect((await shown(map)).text.split("\n")).toEqual([
      "Map(2)",
      "key       value",
      "────────  ─────",
      "a         1",
      "{ k: 1 }  [ 2 ]",
    ]);
    const many = new Set(Array.from({ length: 100 }, (_, n) => n));
    expect((await shown(many)).text).toContain("… 80 more rows");
    expect((await shown(new Map())).text).toBe("Map(0) {}");
  });

  test("a promise is shown with its state, and not waited for", async () => {
    expect((await shown(Promise.resolve(42))).text).toBe("Promise { 42 }");
    expect((await shown(new Promise(() => undefined))).text).toBe("Promise { <pending> }");
  });

  test("a typed array tells type, length, range and how it begins; NaN is counted", async () => {
    const values = Float32Array.from({ length: 1000 }, (_, n) => n);
    values[3] = Number.NaN;
    const { html, text } = await shown(values);
    expect(text).toBe(
      "float32 [1000]: min 0, max 999, mean 500, NaN 1\n0, 1, 2, NaN, 4, 5, 6, 7, …",
    );
    expect(html).toContain("float32");
    expect((await shown(BigInt64Array.of(-5n, 5n))).text).toContain("bigint64 [2]: min -5, max 5");
    expect((await shown(Float64Array.of(Number.NaN))).text).toBe("float64 [1]: NaN 1\nNaN");
  });

  test("a typed array with its shape tells the shape", async () => {
    const tensor = { data: new Float32Array(6), shape: [2, 3] };
    expect((await shown(tensor)).text).toContain("float32 [2 × 3]");
    expect((await shown({ ...tensor, shape: [2, 2] })).text).toContain("shape: [ 2, 2 ]");
  });

  test("all else is text as Node prints it", async () => {
    expect((await shown({ answer: 42 })).text).toBe("{ answer: 42 }");
    expect((await shown(new Uint8Array())).text).toBe("Uint8Array(0) []");
    expect((await shown(Buffer.from("a"))).text).toBe("<Buffer 61>");
    expect((await shown(Symbol("s"))).text).toBe("Symbol(s)");
  });
});

describe("hostile values", () => {
  const { proxy: revoked, revoke } = Proxy.revocable({}, {});
  revoke();
  const throwing = (): never => {
    throw new Error("leave me");
  };
  const hostile: [string, unknown][] = [
    ["a proxy that makes up every property", new Proxy({}, { get: () => () => undefined })],
    [
      "a proxy that always throws",
      new Proxy({}, { get: throwing, has: throwing, ownKeys: throwing }),
    ],
    ["a revoked proxy", revoked],
    ["an array behind a throwing proxy", new Proxy([{ a: 1 }], { get: throwing })],
    ["an object whose printing throws", { [Symbol.for("nodejs.util.inspect.custom")]: throwing }],
    [
      "an object with a throwing tag",
      {
        get [Symbol.toStringTag]() {
          return throwing();
        },
      },
    ],
    [
      "an error whose message throws",
      Object.defineProperty(new Error("x"), "message", { get: throwing }),
    ],
    ["a lookalike of a table", { columnNames: throwing, numRows: throwing, get: throwing }],
    ["an object without a prototype", Object.create(null)],
    ["a Map whose iterator throws", Object.assign(new Map([[1, 2]]), { entries: throwing })],
    [
      "an object of many keys",
      Object.fromEntries(Array.from({ length: 1e5 }, (_, n) => [`k${n}`, n])),
    ],
    ["an array of ten million", new Array(1e7).fill(0)],
    ["a sparse array of the greatest length", new Array(2 ** 32 - 1)],
  ];

  test.each(hostile)("%s is shown in some words", async (_name, value) => {
    const { text } = await shown(value);
    expect(text.length).toBeGreaterThan(0);
    expect(text.length).toBeLessThan(101_000);
  });

  test("an own display that gives no bundle is an error that says so", async () => {
    await expect(bundleOf({ [DISPLAY]: () => 5 })).rejects.toThrow("gave 5, no MIME bundle");
    await expect(bundleOf({ [DISPLAY]: throwing })).rejects.toThrow("leave me");
  });
});
