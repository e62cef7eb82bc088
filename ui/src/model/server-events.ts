/** Server-sent events, read from text as it comes in pieces, as the HTML standard has them. */

export interface ServerEvent {
  readonly name: string;
  readonly data: string;
  /** Of this or of the last one that had one; null before. */
  readonly id: string | null;
}

export class EventReader {
  #rest = "";
  #name = "";
  #data: string[] = [];
  #id: string | null = null;
  #isFirst = true;

  /** The events that are complete with this piece. */
  push(piece: string): ServerEvent[] {
    // A line may end with \r\n: a \r at the end waits for what comes.
    const text = this.#rest + (this.#isFirst ? piece.replace(/^\ufeff/, "") : piece);
    if (piece !== "") this.#isFirst = false;
    const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
    const lines = whole.split(/\r\n|\n|\r/);
    this.#rest = (lines.pop() ?? "") + text.slice(whole.length);
    return lines.flatMap(line => this.#line(line) ?? []);
  }

  #line(line: string): ServerEvent | null {
    if (line === "") return this.#end();
    const colon = line.indexOf(":");
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.#name = value;
    else if (field === "data") this.#data.push(value);
    else if (field === "id" && !value.includes("\0")) this.#id = value;
    return null;
  }

  #end(): ServerEvent | null {
    const [name, data] = [this.#name, this.#data];
    this.#name = "";
    this.#data = [];
    return data.length === 0 ? null : { name: name || "message", data: data.join("\n"), id: this.#id };
  }
}
