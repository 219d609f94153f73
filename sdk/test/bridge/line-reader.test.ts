import { describe, expect, it } from "vitest";
import { LineReader } from "../../bridge/line-reader.ts";

/** Feeds chunks and collects what comes out. */
function read(
  chunks: readonly (string | Buffer)[],
  limit = 1024,
): { lines: string[]; heads: string[] } {
  const lines: string[] = [];
  const heads: string[] = [];
  const reader = new LineReader(limit, {
    onLine: (line) => lines.push(line),
    onOversize: (head) => heads.push(head),
  });
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  return { lines, heads };
}

describe("LineReader", () => {
  it("gives every line of a chunk, and none that has not ended", () => {
    expect(read(["a\nb\nc"]).lines).toEqual(["a", "b"]);
  });

  it("joins a line that comes byte by byte, with a character split between chunks", () => {
    const bytes = Buffer.from('{"text":"🎵 é"}\nnext\n');
    const single = Array.from(bytes, (byte) => Buffer.of(byte));
    expect(read(single).lines).toEqual(['{"text":"🎵 é"}', "next"]);
  });

  it("splits at the newline byte only: U+2028, U+0085 and carriage returns stay", () => {
    expect(read(["a\u2028b\u0085c\rd\n"]).lines).toEqual(["a\u2028b\u0085c\rd"]);
  });

  it("keeps a line of exactly the limit and drops a longer one, then reads on", () => {
    const exact = "x".repeat(1024);
    const { lines, heads } = read([`${exact}\n`, "y".repeat(700), "y".repeat(700), "\nz\n"]);
    expect(lines).toEqual([exact, "z"]);
    expect(heads).toEqual(["y".repeat(256)]);
  });

  it("passes empty lines on", () => {
    expect(read(["\n\na\n"]).lines).toEqual(["", "", "a"]);
  });
});
