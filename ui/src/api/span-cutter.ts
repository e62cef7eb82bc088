/**
 * Cuts the spans out of an answer while it comes, so that a hundred thousand are not parsed in one block.
 *
 * What is cut out are the elements of the first `"spans":[`. Inside of a text the quotes of that would be escaped, so that it is
 * found without parsing what stands before it. What else there is comes out at the end, with an empty list in their place.
 */

const OPENS = '"spans":[';

const QUOTE = 34;
const BACKSLASH = 92;
const OPEN_BRACKET = 91;
const CLOSE_BRACKET = 93;
const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;

export class SpanCutter {
  /** What came and was not given out. */
  #text = "";
  /** What stands before the spans; null until they begin. */
  #head: string | null = null;
  #isOver = false;
  /** Up to where the text was read, how deep in an element that is, and whether in a string. */
  #at = 0;
  #depth = 0;
  #inString = false;

  /** The spans that this piece completes, as a list in JSON; empty where it completes none. */
  cut(piece: string): string {
    this.#text += piece;
    if (this.#isOver) return "";
    if (this.#head === null && !this.#begin()) return "";
    const end = this.#scan();
    if (end === 0) return "";
    const elements = this.#text.slice(0, end).replace(/^\s*,/, "");
    this.#text = this.#text.slice(end);
    this.#at -= end;
    return elements.trim() === "" ? "" : `[${elements}]`;
  }

  /** All that is not a span, once everything came. */
  rest(): string {
    return this.#head === null ? this.#text : this.#head + this.#text;
  }

  #begin(): boolean {
    const found = this.#text.indexOf(OPENS);
    if (found === -1) return false;
    this.#head = this.#text.slice(0, found + OPENS.length);
    this.#text = this.#text.slice(found + OPENS.length);
    return true;
  }

  /** The end of the last element that is complete; 0 where none is. */
  #scan(): number {
    const text = this.#text;
    let end = 0;
    while (this.#at < text.length) {
      if (this.#inString) {
        if (!this.#leaveString()) break;
        continue;
      }
      const code = text.charCodeAt(this.#at++);
      if (code === QUOTE) this.#inString = true;
      else if (code === OPEN_BRACE || code === OPEN_BRACKET) this.#depth += 1;
      else if (code === CLOSE_BRACE || code === CLOSE_BRACKET) {
        if (this.#depth === 0) {
          this.#isOver = true;
          this.#at -= 1;
          return end;
        }
        this.#depth -= 1;
        if (this.#depth === 0) end = this.#at;
      }
    }
    return end;
  }

  /** Goes behind the string's end; false where that has not come. */
  #leaveString(): boolean {
    const text = this.#text;
    for (; this.#at < text.length; this.#at++) {
      const code = text.charCodeAt(this.#at);
      if (code === QUOTE) {
        this.#inString = false;
        this.#at += 1;
        return true;
      }
      if (code !== BACKSLASH) continue;
      // What is escaped may not have come yet.
      if (this.#at + 1 >= text.length) return false;
      this.#at += 1;
    }
    return false;
  }
}
