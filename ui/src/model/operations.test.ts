import { expect, test } from "vitest";

import { beyond, type Operation, Operations, percentile, standing, usualText } from "./operations.ts";

const MS = 1e6;

/** Others took 1, 2, ... 100 ms. */
function charge(changes: Partial<Operation> = {}): Operation {
  return {
    service: "checkout",
    name: "charge",
    kind: "client",
    reach: 12 * 3_600e9,
    isPart: false,
    count: 4210,
    percentiles: Array.from({ length: 100 }, (_, step) => (step + 1) * MS),
    ...changes,
  };
}

const few = (count: number) => charge({ count, percentiles: [] });
const plain = (text: string | null) => text?.replaceAll("\u00a0", " ") ?? null;

test("an operation is found by service, name and kind, and by no two of them", () => {
  const operations = new Operations({ operations: [charge(), charge({ kind: "server", count: 1 })], total: 2 });
  const found = (changes: Partial<Operation>) => operations.of({ ...charge(), ...changes })?.count;
  expect(found({})).toBe(4210);
  expect(found({ kind: "server" })).toBe(1);
  expect([found({ kind: "producer" }), found({ service: "x" }), found({ name: "x" })]).toEqual(
    Array(3).fill(undefined),
  );
  expect(operations.isPart).toBe(false);
  expect(new Operations({ operations: [few(3)], total: 2 })).toMatchObject({ isPart: true, isTelling: false });
});

test("where a length stands among others is said as far as it is known", () => {
  const stands = (length: number, of = charge()) => plain(standing(length * MS, of));
  expect(stands(97.5)).toBe("slower than 97 % of 4,210 like it");
  expect(stands(50.5)).toBe("slower than 50 % of 4,210 like it");
  expect(stands(99.5)).toBe("slower than 99 % of 4,210 like it");
  expect(stands(100)).toBe("slower than 99 % of 4,210 like it");
  expect(stands(101)).toBe("slower than all 4,210 like it");
  expect(stands(0.5)).toBe("quicker than 99 % of 4,210 like it");
  expect(stands(20.5)).toBe("quicker than 79 % of 4,210 like it");
  expect(stands(97.5, charge({ isPart: true }))).toBe("slower than 97 % of 4,210 of those like it");
  const same = charge({ percentiles: Array(100).fill(5 * MS) });
  expect(stands(5, same)).toBe("as long as most of 4,210 like it");
  expect(stands(5, few(19))).toBe(null);
});

test("beyond which mark a length is: of too few none", () => {
  expect([95, 95.5, 99, 99.5].map(length => beyond(length * MS, charge()))).toEqual([null, 95, 95, 99]);
  expect(beyond(1e12, few(19))).toBe(null);
  expect(percentile(few(19), 50)).toBeNaN();
});

test("the whole is told in words, and why where nothing is", () => {
  expect(plain(usualText(97.5 * MS, charge()))).toBe(
    "97.5 ms: slower than 97 % of 4,210 like it within 12 h of this trace. " +
      "Half of them took 50.0 ms at most, 95 % 95.0 ms, 99 % 99.0 ms.",
  );
  const near = { reach: 300e9 };
  expect(plain(usualText(1, { ...few(0), ...near }))).toBe(
    "No other like it was found within 5 min of this trace: too few to say what is usual.",
  );
  expect(plain(usualText(1, { ...few(0), ...near, isPart: true }))).toBe(
    "Too many spans came within 5 min of this trace to look at all: among those that were, too few are like it to say what is usual.",
  );
  expect(plain(usualText(1, few(1)))).toMatch(/^Only 1 like it was found within 12 h/);
  expect(plain(usualText(1, few(19)))).toMatch(/^Only 19 like it were found within 12 h/);
});
