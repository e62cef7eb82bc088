/** A logged line as it is read: without a terminal's colours, and what is JSON as keys and values. */

export const SEVERITY_NAMES = ["trace", "debug", "info", "warn", "error", "fatal"] as const;
export type SeverityName = (typeof SEVERITY_NAMES)[number];

// biome-ignore lint/suspicious/noControlCharactersInRegex: what a terminal is told begins with one
const ANSI = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|[@-Z\\-_])/g;

/** Without what tells a terminal of colours and links. */
export function plain(body: string): string {
  return body.includes("\u001b") ? body.replaceAll(ANSI, "") : body;
}

/** What Lambda's runtimes put before a line of text: Node's when, whose and how severe; Python's how severe, when and whose. */
const BEFORE = [
  /^\d{4}-\d\d-\d\dT[\d:.]+Z\t(?:[\da-f-]{36}|undefined)\t(?<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t/,
  /^\[(?<level>DEBUG|INFO|WARNING|ERROR|CRITICAL)\]\t\d{4}-\d\d-\d\dT[\d:.]+Z\t[\da-f-]{36}\t/,
];
const LEVELS: Readonly<Record<string, SeverityName>> = { WARNING: "warn", CRITICAL: "fatal" };

interface Said {
  /** How severe it is by its own word; empty where it says nothing. */
  readonly level: SeverityName | "";
  readonly text: string;
}

/** What a line says, without what stands beside it anyway: when it was and whose it is. */
export function saidIn(body: string): Said {
  const text = plain(body);
  const [before = "", name = ""] = BEFORE.map(one => one.exec(text)).find(found => found !== null) ?? [];
  if (before === "") return { level: "", text };
  return { level: LEVELS[name] ?? (name.toLowerCase() as SeverityName), text: text.slice(before.length) };
}

export interface Field {
  /** With dots where it lies deeper. */
  readonly key: string;
  readonly value: string;
}

/** Deeper than this, a value is shown as JSON. */
const DEPTH = 3;
/** Longer lines are not taken apart: it would cost more than it tells. */
const LONGEST = 100_000;

/** What a line of JSON says, in its order; null where it is none. */
export function fieldsOf(body: string): Field[] | null {
  const text = plain(body).trim();
  if (!text.startsWith("{") || !text.endsWith("}") || text.length > LONGEST) return null;
  let said: unknown;
  try {
    said = JSON.parse(text);
  } catch {
    return null;
  }
  return isObject(said) ? flat(said, "", DEPTH) : null;
}

function flat(of: Readonly<Record<string, unknown>>, path: string, depth: number): Field[] {
  return Object.entries(of).flatMap(([name, value]) => {
    const key = `${path}${name}`;
    const isDeeper = isObject(value) && depth > 1 && Object.keys(value).length > 0;
    return isDeeper ? flat(value, `${key}.`, depth - 1) : [{ key, value: textOf(value) }];
  });
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : JSON.stringify(value));

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const MESSAGES = ["message", "msg", "event", "body"];

/** What stands for the line in a list: its first line; of JSON its message, where it has one. */
export function headline(body: string): string {
  const fields = fieldsOf(body);
  const message = MESSAGES.map(key => fields?.find(field => field.key === key)?.value).find(text => text);
  return firstLine(message ?? saidIn(body).text);
}

function firstLine(text: string): string {
  return text.trim().split("\n", 1)[0] ?? "";
}

/** How many more lines it has. */
export function linesBelow(body: string): number {
  return fieldsOf(body) === null ? plain(body).trim().split("\n").length - 1 : 0;
}
