/** A list as a file or as text: numbers stay numbers, their unit stands in the column's name, times are UTC. */

import {
  formatBytes,
  formatCount,
  formatDollars,
  formatDuration,
  formatExact,
  formatIso,
  formatPart,
} from "../base/format.ts";
import type { Dollars } from "../base/money.ts";
import type { Nanos, Time } from "../base/time.ts";

export type Cell = string | number | boolean | null;

export interface ExportColumn<Row> {
  /** With its unit: `duration_ms`. */
  readonly name: string;
  /** For people. */
  readonly title: string;
  readonly isNumber: boolean;
  readonly cell: (row: Row) => Cell;
  /** As people read it. */
  readonly shown: (row: Row) => string;
}

type Of<Row, Value> = (row: Row) => Value;

// === Columns ===

export function text<Row>(name: string, title: string, of: Of<Row, string | null>): ExportColumn<Row> {
  return { name, title, isNumber: false, cell: row => of(row) || null, shown: row => of(row) ?? "" };
}

export function count<Row>(name: string, title: string, of: Of<Row, number | null>): ExportColumn<Row> {
  return number(name, title, of, value => value, formatCount);
}

export function length<Row>(name: string, title: string, of: Of<Row, Nanos | null>): ExportColumn<Row> {
  return number(`${name}_ms`, title, of, value => Number(value) / 1e6, formatDuration);
}

export function bytes<Row>(name: string, title: string, of: Of<Row, bigint | null>): ExportColumn<Row> {
  return number(`${name}_bytes`, title, of, Number, formatBytes);
}

export function money<Row>(name: string, title: string, of: Of<Row, Dollars | null>): ExportColumn<Row> {
  return number(`${name}_usd`, title, of, value => Number(value) / 1e9, formatDollars);
}

/** @param of from 0 to 1. */
export function part<Row>(name: string, title: string, of: Of<Row, number | null>): ExportColumn<Row> {
  return number(`${name}_percent`, title, of, value => Number((value * 100).toPrecision(12)), formatPart);
}

export function moment<Row>(name: string, title: string, of: Of<Row, Time | null>): ExportColumn<Row> {
  const as = (row: Row, format: (at: Time) => string) => {
    const at = of(row);
    return at === null ? null : format(at);
  };
  const toMillisecond = (at: Time) => formatExact(at).replace(/(\.\d{3})\d{6}/, "$1");
  return { name, title, isNumber: false, cell: row => as(row, formatIso), shown: row => as(row, toMillisecond) ?? "" };
}

export function yes<Row>(name: string, title: string, of: Of<Row, boolean>): ExportColumn<Row> {
  return { name, title, isNumber: false, cell: of, shown: row => (of(row) ? "yes" : "") };
}

function number<Row, Value>(
  name: string,
  title: string,
  of: Of<Row, Value | null>,
  cell: (value: Value) => number,
  shown: (value: Value) => string,
): ExportColumn<Row> {
  const as = <Result>(row: Row, to: (value: Value) => Result) => {
    const value = of(row);
    return value === null ? null : to(value);
  };
  return { name, title, isNumber: true, cell: row => as(row, cell), shown: row => as(row, shown) ?? "" };
}

// === Forms ===

/** RFC 4180, with a head. */
export function csvOf<Row>(columns: readonly ExportColumn<Row>[], rows: readonly Row[]): string {
  const lines = [
    columns.map(({ name }) => inCsv(name)),
    ...rows.map(row => columns.map(({ cell }) => inCsv(cell(row)))),
  ];
  return lines.map(cells => `${cells.join(",")}\r\n`).join("");
}

function inCsv(cell: Cell): string {
  if (cell === null) return "";
  if (typeof cell !== "string") return String(cell);
  // A spreadsheet would run it as a formula: what errors and logs say may come from anybody.
  const safe = /^[=+\-@\t\r]/.test(cell) ? `'${cell}` : cell;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

export function jsonOf<Row>(columns: readonly ExportColumn<Row>[], rows: readonly Row[]): string {
  const objects = rows.map(row => Object.fromEntries(columns.map(({ name, cell }) => [name, cell(row)])));
  return `[\n${objects.map(object => `  ${JSON.stringify(object)}`).join(",\n")}\n]\n`;
}

/** For a chat or a ticket; columns in which nothing stands are left out. */
export function markdownOf<Row>(columns: readonly ExportColumn<Row>[], rows: readonly Row[]): string {
  const used = columns.filter(({ shown }) => rows.some(row => shown(row) !== ""));
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [
    line(used.map(({ title }) => inMarkdown(title))),
    line(used.map(({ isNumber }) => (isNumber ? "---:" : "---"))),
    ...rows.map(row => line(used.map(({ shown }) => inMarkdown(shown(row))))),
    "",
  ].join("\n");
}

const inMarkdown = (cell: string): string =>
  cell
    .replaceAll("\u00a0", " ")
    .replaceAll("\\", "\\\\")
    .replaceAll("|", "\\|")
    .replaceAll(/\s*[\r\n]+\s*/g, " ");
