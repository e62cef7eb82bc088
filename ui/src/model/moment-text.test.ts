import { afterEach, expect, test } from "vitest";

import { formatExact } from "../base/format.ts";
import { time } from "../base/time.ts";
import { setZone } from "../base/zone.ts";
import { parseMoment } from "./moment-text.ts";

/** 2026-11-23 14:03:22 UTC. */
const NOW = time(1_795_442_602_000_000_000n);

const read = (text: string): string | null => {
  const moment = parseMoment(text, NOW);
  return moment === null ? null : formatExact(moment);
};

afterEach(() => setZone("local"));

test("a date and a time are read by the clock that was chosen", () => {
  setZone("utc");
  expect(read("2026-11-23 14:03")).toBe("2026-11-23 14:03:00.000000000 UTC");
  expect(read(" 2026-11-23T14:03:22.184 ")).toBe("2026-11-23 14:03:22.184000000 UTC");
  expect(read("2026-11-23")).toBe("2026-11-23 00:00:00.000000000 UTC");
});

test("a zone that is said is the one that counts", () => {
  expect(read("2026-11-23T14:03:22Z")).toBe("2026-11-23 14:03:22.000000000 UTC");
  expect(read("2026-11-23 14:03:22.184000123 UTC")).toBe("2026-11-23 14:03:22.184000123 UTC");
  expect(read("2026-11-23T15:03:22+01:00")).toBe("2026-11-23 14:03:22.000000000 UTC");
  expect(read("2026-11-23T08:33:22-0530")).toBe("2026-11-23 14:03:22.000000000 UTC");
});

test("a time of day is the last one of it", () => {
  setZone("utc");
  expect(read("14:00")).toBe("2026-11-23 14:00:00.000000000 UTC");
  expect(read("9:30:15")).toBe("2026-11-23 09:30:15.000000000 UTC");
  expect(read("15:00")).toBe("2026-11-22 15:00:00.000000000 UTC");
});

test("how long ago, and Unix times of any unit", () => {
  expect(read("now")).toBe(formatExact(NOW));
  for (const text of ["2h ago", "-2h", "now-2h", "120 min ago"])
    expect(read(text)).toBe("2026-11-23 12:03:22.000000000 UTC");
  expect(read("1795442602")).toBe(formatExact(NOW));
  expect(read("1795442602000")).toBe(formatExact(NOW));
  expect(read("1795442602000000000")).toBe(formatExact(NOW));
});

test("what is no moment is none", () => {
  for (const text of [
    "",
    "soon",
    "2026-13-01",
    "2026-02-30 10:00",
    "2026-11-23 24:10",
    "25:00",
    "14:60",
    "5 parsecs ago",
    "12345",
  ]) {
    expect(read(text), text).toBeNull();
  }
});
