/** Edits of a text that remember where each piece of the result came from. */

/** A piece of the input that stands unchanged in the output (offsets in UTF-16 units). */
export interface Span {
  readonly output: number;
  readonly input: number;
  readonly length: number;
}

/** The edited text and its way back. Spans are in the order of the output. */
export interface EditedText {
  readonly text: string;
  readonly spans: readonly Span[];
}

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
  /** Among edits of one place: closing texts come first, the latest of them first. */
  readonly order: number;
}

function compareEdits(a: Edit, b: Edit): number {
  return a.start - b.start || a.end - b.end || a.order - b.order;
}

/** Collects replacements, insertions and pieces to be moved to the front. */
export class TextEdits {
  readonly #source: string;
  readonly #edits: Edit[] = [];
  readonly #hoisted: { readonly start: number; readonly end: number }[] = [];

  constructor(source: string) {
    this.#source = source;
  }

  /** Replaces `[start, end)`; insertions at one place keep the order in which they were asked for. */
  replace(start: number, end: number, text: string): void {
    this.#edits.push({ start, end, text, order: this.#edits.length });
  }

  insert(at: number, text: string): void {
    this.replace(at, at, text);
  }

  /** Puts `open` and `close` around `[start, end)`; a later wrap of the same piece goes inside. */
  wrap(start: number, end: number, open: string, close: string): void {
    this.insert(start, open);
    this.#edits.push({ start: end, end, text: close, order: -this.#edits.length });
  }

  /** Moves `[start, end)`, with the edits inside it, before everything that is not moved. */
  hoist(start: number, end: number): void {
    this.#hoisted.push({ start, end });
  }

  /** The result between `prefix` and `suffix`. Edits must not overlap. */
  render(prefix: string, suffix: string): EditedText {
    const edits = this.#edits.toSorted(compareEdits);
    const writer = new SpanWriter(this.#source);
    writer.add(prefix);
    for (const { start, end } of this.#hoisted) writer.copyEdited(start, end, edits);
    let at = 0;
    for (const { start, end } of this.#hoisted.toSorted((a, b) => a.start - b.start)) {
      writer.copyEdited(at, start, edits);
      at = end;
    }
    // An edit at the very end of the source belongs to the last piece.
    writer.copyEdited(at, this.#source.length + 1, edits);
    writer.add(suffix);
    return { text: writer.text, spans: writer.spans };
  }
}

class SpanWriter {
  text = "";
  readonly spans: Span[] = [];
  readonly #source: string;

  constructor(source: string) {
    this.#source = source;
  }

  add(text: string): void {
    this.text += text;
  }

  copyEdited(start: number, end: number, edits: readonly Edit[]): void {
    let at = start;
    for (const edit of edits) {
      if (edit.start < start || edit.start >= end) continue;
      this.#copy(at, edit.start);
      this.add(edit.text);
      at = edit.end;
    }
    this.#copy(at, Math.min(end, this.#source.length));
  }

  #copy(start: number, end: number): void {
    if (end <= start) return;
    this.spans.push({ output: this.text.length, input: start, length: end - start });
    this.text += this.#source.slice(start, end);
  }
}

/** Input offset of an output offset: exact inside a span, else the start of the span that follows. */
export function inputOffset(spans: readonly Span[], output: number): number {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    const span = spans[middle];
    if (span !== undefined && span.output + span.length <= output) low = middle + 1;
    else high = middle;
  }
  const span = spans[low] ?? spans.at(-1);
  if (span === undefined) return 0;
  return span.input + Math.min(Math.max(output - span.output, 0), span.length);
}
