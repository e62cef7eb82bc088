/** When versions came. */

import { expect, test } from "vitest";

import { nanos, time } from "../base/time.ts";
import type { FunctionPart } from "./function-detail.ts";
import { releasesOf } from "./releases.ts";
import { stepsOf } from "./steps.ts";

const version = (name: string | null, firstSeen: bigint) =>
  ({ version: name, firstSeen: time(firstSeen) }) as FunctionPart;
const steps = stepsOf(time(100n), time(200n), nanos(10n));

test("a version that came within the steps is a release, but for the one that was there before all others", () => {
  const versions = [version("41", 100n), version("42", 140n), version("43", 190n)];
  expect(releasesOf(versions, steps)).toEqual([
    { version: "42", at: 140n },
    { version: "43", at: 190n },
  ]);
});

test("what came before or after, and what has no name, is none", () => {
  const versions = [version("40", 20n), version("41", 90n), version(null, 150n), version("43", 200n)];
  expect(releasesOf(versions, steps)).toEqual([]);
  expect(releasesOf([], steps)).toEqual([]);
});
