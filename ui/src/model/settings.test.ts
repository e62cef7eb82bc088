import { expect, test } from "vitest";

import { time } from "../base/time.ts";
import {
  draftOf,
  endsWith,
  type Key,
  type KeyScope,
  limitsOf,
  mayAdminister,
  type ServiceSettings,
} from "./settings.ts";

const NOTHING = { keepDays: null, bytesPerSecond: null, spansPerSecond: null, logShare: null };

const key = (id: string, scope: KeyScope): Key => ({
  id,
  name: id,
  tenant: "default",
  scope,
  state: "valid",
  created: time(1n),
  rotated: null,
  expires: null,
  revoked: null,
});

test("limits that are typed come out as they went in", () => {
  for (const bytesPerSecond of [1, 1000, 1024, 5 * 1024 ** 2, 3 * 1024 ** 3, 1234567]) {
    const limits = { keepDays: 30, bytesPerSecond, spansPerSecond: 20_000, logShare: 25 };
    expect(limitsOf(draftOf(limits))).toEqual({ limits });
  }
  expect(limitsOf(draftOf(NOTHING))).toEqual({ limits: NOTHING });
});

test("sizes are typed as people write them", () => {
  const bytes = (bytesPerSecond: string) => limitsOf({ ...draftOf(NOTHING), bytesPerSecond });
  expect(bytes("5MiB")).toEqual({ limits: { ...NOTHING, bytesPerSecond: 5 * 1024 ** 2 } });
  expect(bytes("1.5 mb")).toEqual({ limits: { ...NOTHING, bytesPerSecond: 1.5 * 1024 ** 2 } });
  expect(bytes("800")).toEqual({ limits: { ...NOTHING, bytesPerSecond: 800 } });
  expect(draftOf({ ...NOTHING, bytesPerSecond: 5 * 1024 ** 2 }).bytesPerSecond).toBe("5 MB");
});

test("each mistake is told at its field", () => {
  const wrong = limitsOf({ keepDays: "", bytesPerSecond: "fast", spansPerSecond: "0", logShare: "101" });
  expect(wrong).toEqual({
    mistakes: {
      bytesPerSecond: "A size, such as 5 MB or 800 kB; empty for none.",
      spansPerSecond: "A whole number of 1 or more; empty for none.",
      logShare: "From 1 to 100; empty for none.",
    },
  });
});

test("what ends with a key is said, and more where it is the last admin's", () => {
  const [send, one, other] = [key("checkout", "ingest"), key("one", "admin"), key("other", "admin")];
  expect(endsWith(send, [send])).toContain("What sends with it is refused");
  expect(endsWith(one, [send, one, other])).not.toContain("last key");
  expect(endsWith(one, [send, one])).toContain("It is the last key of scope admin");
  expect(endsWith(one, [one, { ...other, state: "revoked" }])).toContain("It is the last key of scope admin");
});

test("where no key is demanded everybody administers, else an admin's key does", () => {
  const settings = { demandsKeys: true, scope: "write" } as ServiceSettings;
  expect(mayAdminister(settings)).toBe(false);
  expect(mayAdminister({ ...settings, scope: "admin" })).toBe(true);
  expect(mayAdminister({ ...settings, demandsKeys: false, scope: null })).toBe(true);
});
