import { afterEach, expect, test } from "vitest";

import { formatClock, formatDay } from "./format.ts";
import { time } from "./time.ts";
import { clockOf, fieldText, momentAt, momentOfField, setZone, zoneName, zoneOffset } from "./zone.ts";

/** 2026-11-23 14:03:22.184 UTC. */
const MOMENT = time(1_795_442_602_184_000_000n);

afterEach(() => setZone("local"));

test("in UTC the clock is UTC's, wherever the reader is", () => {
  setZone("utc");
  expect(`${formatDay(MOMENT)} ${formatClock(MOMENT)}`).toBe("2026-11-23 14:03:22.184");
  expect(zoneOffset(MOMENT)).toBe(0n);
  expect(zoneName()).toBe("UTC");
});

test("what a clock shows leads back to the moment, in both zones", () => {
  for (const zone of ["local", "utc"] as const) {
    setZone(zone);
    expect(momentAt(clockOf(MOMENT))).toBe(MOMENT - 184_000_000n);
    expect(momentOfField(fieldText(MOMENT))).toBe(MOMENT - 184_000_000n);
  }
});

test("a field to the minute is read, and what is none is not", () => {
  setZone("utc");
  expect(momentOfField("2026-11-23T14:03")).toBe(time(1_795_442_580_000_000_000n));
  expect(momentOfField("")).toBeNull();
  expect(momentOfField("2026-02-30T14:03")).toBeNull();
});
