/**
 * Cuts the blocks of spans out of an answer while it comes, so that a hundred thousand are not parsed at once.
 *
 * The API writes each block into a line of its own, and none of what it writes beside them has line breaks. What else there is comes
 * out at the end, with an empty list in their place. Written otherwise, all of it comes out at the end.
 */

const OPENS = '"blocks":[\n';
const BREAK = "\n";

export class LineCutter {
  /** What came and was not given out. */
  #text = "";
  /** What stands before the blocks; null until they begin. */
  #head: string | null = null;
  #isOver = false;

  /** The blocks that this piece completes, each as JSON. */
  cut(piece: string): readonly string[] {
    this.#text += piece;
    if (this.#isOver || (this.#head === null && !this.#begin())) return [];
    const lines = this.#text.split(BREAK);
    const rest = lines.pop() ?? "";
    // The line after the last block closes their list.
    const isLast = rest.startsWith("]");
    this.#isOver = isLast;
    this.#text = rest;
    return lines.map(line => (line.endsWith(",") ? line.slice(0, -1) : line));
  }

  /** All that is no block, once everything came. */
  rest(): string {
    return (this.#head ?? "") + this.#text;
  }

  #begin(): boolean {
    const found = this.#text.indexOf(OPENS);
    if (found === -1) return false;
    this.#head = this.#text.slice(0, found + OPENS.length);
    this.#text = this.#text.slice(found + OPENS.length);
    return true;
  }
}
