import { PassThrough } from "node:stream";
import { describe, expect, it } from "vitest";
import { askToGoOn, type Terminal } from "../../../cli/compare/ask-to-go-on.ts";

describe("the question whether to go on", () => {
  const LONG = { seconds: 840, chunks: 120, arms: { wav2vec2: 180, gama: 660 }, cost: 0 };
  const TOLD =
    "about 14 min: 120 chunks of clips are left to hear, 11 min of it by gama; tasks and statistics come beside them.";

  function makeTerminal(change: Partial<Terminal> = {}) {
    const [input, output] = [new PassThrough(), new PassThrough()];
    const { signal } = new AbortController();
    const terminal = { input, output, canAsk: true, yes: false, signal, ...change };
    return { terminal, input, written: () => String(output.read() ?? "") };
  }

  it.each([
    [150, "; then cost, 3 min; "],
    [null, "; then cost, which nothing is known of yet; "],
  ])("says what of it is cost: %j s", async (cost, told) => {
    const { terminal, written } = makeTerminal({ yes: true });
    expect(await askToGoOn({ ...LONG, cost }, terminal)).toBe(true);
    expect(written()).toContain(`by gama${told}tasks`);
  });

  it("is not asked of what takes two minutes", async () => {
    const { terminal, written } = makeTerminal();
    expect(await askToGoOn({ ...LONG, seconds: 120 }, terminal)).toBe(true);
    expect(written()).toBe("");
  });

  it.each([
    ["", true],
    ["yes", true],
    ["n", false],
    ["No", false],
  ])("is answered by %j", async (answer, goesOn) => {
    const { terminal, input, written } = makeTerminal();
    const asked = askToGoOn(LONG, terminal);
    input.write(`${answer}\n`);
    expect(await asked).toBe(goesOn);
    expect(written()).toContain(`${TOLD} Go on? [Y/n] `);
  });

  it("is no where the terminal is left", async () => {
    const { terminal, input } = makeTerminal();
    const asked = askToGoOn(LONG, terminal);
    input.end();
    expect(await asked).toBe(false);
  });

  it("is told, and not asked, where nobody sits or has said yes", async () => {
    const alone = makeTerminal({ canAsk: false });
    expect(await askToGoOn(LONG, alone.terminal)).toBe(true);
    expect(alone.written()).toBe(
      `${TOLD} No terminal to ask on: it goes on, and Ctrl-C loses nothing.\n`,
    );
    const agreed = makeTerminal({ yes: true });
    expect(await askToGoOn(LONG, agreed.terminal)).toBe(true);
    expect(agreed.written()).toBe(`${TOLD}\n`);
  });
});
