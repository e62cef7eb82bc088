import { expect, test } from "vitest";

import { dollars } from "../base/money.ts";
import { nanos, time } from "../base/time.ts";
import {
  bytes,
  csvOf,
  type ExportColumn,
  jsonOf,
  length,
  markdownOf,
  moment,
  money,
  part,
  text,
  yes,
} from "./export.ts";

interface Row {
  readonly name: string;
  readonly took: bigint | null;
}

const ROWS: readonly Row[] = [
  { name: "checkout", took: 18_400_000n },
  { name: '=HYPERLINK("x"), |\nand more', took: null },
];

const COLUMNS: readonly ExportColumn<Row>[] = [
  text("function", "Function", one => one.name),
  length("duration", "Duration", one => (one.took === null ? null : nanos(one.took))),
  moment("start", "Started", one => (one.took === null ? null : time(1_795_442_602_184_000_001n))),
];

test("in CSV numbers are numbers, their unit is in the head, and nothing runs as a formula", () => {
  expect(csvOf(COLUMNS, ROWS)).toBe(
    [
      "function,duration_ms,start",
      "checkout,18.4,2026-11-23T14:03:22.184000001Z",
      `"'=HYPERLINK(""x""), |\nand more",,`,
      "",
    ].join("\r\n"),
  );
});

test("in JSON what is not known is null, and what is read again is the same", () => {
  expect(JSON.parse(jsonOf(COLUMNS, ROWS))).toEqual([
    { function: "checkout", duration_ms: 18.4, start: "2026-11-23T14:03:22.184000001Z" },
    { function: '=HYPERLINK("x"), |\nand more', duration_ms: null, start: null },
  ]);
  expect(JSON.parse(jsonOf(COLUMNS, []))).toEqual([]);
});

test("a Markdown table has numbers to the right, as people read them, and each row on one line", () => {
  expect(markdownOf(COLUMNS, ROWS)).toBe(
    [
      "| Function | Duration | Started |",
      "| --- | ---: | --- |",
      "| checkout | 18.4 ms | 2026-11-23 14:03:22.184 UTC |",
      '| =HYPERLINK("x"), \\| and more |  |  |',
      "",
    ].join("\n"),
  );
});

test("columns in which nothing stands are left out of Markdown", () => {
  expect(markdownOf([...COLUMNS, yes("new", "New", () => false)], ROWS)).not.toContain("New");
});

test("each unit is in its column's name", () => {
  const columns: readonly ExportColumn<null>[] = [
    bytes("memory", "Memory", () => 512n),
    money("cost", "Cost", () => dollars(1_500_000n)),
    part("share", "Share", () => 0.07),
  ];
  expect(jsonOf(columns, [null])).toContain('{"memory_bytes":512,"cost_usd":0.0015,"share_percent":7}');
});
