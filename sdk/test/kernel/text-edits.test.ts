import { describe, expect, it } from "vitest";
import { inputOffset, TextEdits } from "../../kernel/text-edits.ts";

describe("TextEdits", () => {
  it("replaces, wraps from outside to inside, and moves pieces to the front", () => {
    const edits = new TextEdits("aa bb cc");
    edits.wrap(3, 5, "[", "]");
    edits.wrap(3, 5, "<", ">");
    edits.replace(6, 8, "CC");
    edits.hoist(6, 8);
    expect(edits.render("^", "$").text).toBe("^CCaa [<bb>] $");
  });

  it("knows where each character came from", () => {
    const edits = new TextEdits("abcdef");
    edits.insert(2, "++");
    edits.hoist(4, 6);
    const { text, spans } = edits.render("", "");
    expect(text).toBe("efab++cd");
    const origins = [...text].map((_, at) => inputOffset(spans, at));
    expect(origins).toEqual([4, 5, 0, 1, 2, 2, 2, 3]);
  });
});
