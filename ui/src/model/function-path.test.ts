import { expect, test } from "vitest";

import { nanos, time } from "../base/time.ts";
import { CATEGORIES, type Category } from "./flame.ts";
import {
  columnsOf,
  type FunctionPath,
  groupOf,
  groupsIn,
  lengthOf,
  PATH_GROUPS,
  type PathSegment,
  segmentTitle,
} from "./function-path.ts";
import { stepsOf } from "./steps.ts";

const MINUTE = 60_000_000_000n;
const at = (minute: number) => time(BigInt(minute) * MINUTE);
const millis = (length: number) => nanos(BigInt(length) * 1_000_000n);

const point = (minute: number, lookedAt: number, ...of: readonly (readonly [Category, number])[]) => ({
  start: at(minute),
  invocations: lookedAt * 10,
  lookedAt,
  categories: of.map(([category, mean]) => ({ category, mean: millis(mean) })),
});

const segment = (category: Category, name: string | null = "a name"): PathSegment => ({
  category,
  service: null,
  name,
  mean: millis(1),
  share: 0.1,
  shareInvocations: 1,
  question: "",
});

const path = (changes: Partial<FunctionPath>): FunctionPath => ({
  invocations: 0,
  lookedAt: 0,
  mean: millis(0),
  segments: [],
  step: nanos(5n * MINUTE),
  points: [],
  missing: [],
  outdated: [],
  ...changes,
});

test("every category is drawn in some group", () => {
  const groups = CATEGORIES.map(groupOf);
  expect([...new Set(groups)].sort()).toEqual([...PATH_GROUPS].sort());
});

test("a step stands as groups on top of each other, whatever the order in which they came", () => {
  const steps = stepsOf(at(0), at(20), nanos(5n * MINUTE));
  const points = [
    point(5, 3, ["downstream", 30], ["extension_init", 5], ["handler", 10], ["runtime_init", 7]),
    point(10, 0),
    point(15, 1, ["queue_wait", 2]),
    // Outside of what is shown.
    point(40, 1, ["handler", 2]),
  ];
  const columns = columnsOf(steps, path({ points }));
  expect(columns.map(({ step, total }) => [step, total])).toEqual([
    [1, millis(52)],
    [3, millis(2)],
  ]);
  expect(columns[0]?.layers).toEqual([
    { group: "own", from: millis(0), to: millis(10) },
    { group: "calls", from: millis(10), to: millis(40) },
    { group: "start", from: millis(40), to: millis(52) },
  ]);
});

test("the legend names what has time", () => {
  const segments = [segment("runtime_init"), segment("handler"), segment("init")];
  expect(groupsIn(path({ segments }))).toEqual(["own", "start"]);
});

test("a part is called as its span is, and the rest of a category as what it is", () => {
  const told = [
    segment("handler", "render"),
    segment("handler", null),
    segment("downstream", null),
    segment("queue_wait", "send"),
    segment("queue_wait", null),
    segment("extension_init", "extension_init"),
  ];
  expect(told.map(segmentTitle)).toEqual([
    "render",
    "other work of its own",
    "other calls",
    "wait in a queue: send",
    "wait in a queue",
    "extension init",
  ]);
});

test("what is missing is added up", () => {
  expect(lengthOf([])).toBe(0n);
  const missing = [
    { from: at(0), to: at(5) },
    { from: at(20), to: at(30) },
  ];
  expect(lengthOf(missing)).toBe(15n * MINUTE);
});
