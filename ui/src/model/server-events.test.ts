/** Events out of pieces of text. */

import { describe, expect, test } from "vitest";

import { EventReader } from "./server-events.ts";

const read = (...pieces: string[]) => {
  const reader = new EventReader();
  return pieces.flatMap(piece => reader.push(piece));
};

describe("events", () => {
  const text = 'event: log\nid: a1\ndata: {"a":1}\n\n: alive\n\nevent:begun\ndata:{}\n\n';
  const events = [
    { name: "log", data: '{"a":1}', id: "a1" },
    { name: "begun", data: "{}", id: "a1" },
  ];
  test("are read", () => expect(read(text)).toEqual(events));
  test("are the same however they are cut", () => {
    for (let at = 1; at < text.length; at++) expect(read(text.slice(0, at), text.slice(at))).toEqual(events);
    expect(read(...text)).toEqual(events);
  });
  test("are the same with other ends of lines", () => {
    for (const end of ["\r\n", "\r"]) expect(read(...text.replaceAll("\n", end), "x")).toEqual(events);
  });
});

test("several lines of data are one text, and an event without is none", () => {
  expect(read("data: a\ndata\ndata: b\n\nevent: nothing\n\ndata: c\n\n")).toEqual([
    { name: "message", data: "a\n\nb", id: null },
    { name: "message", data: "c", id: null },
  ]);
});

test("what is not complete is not told", () => {
  expect(read("data: a\n")).toEqual([]);
});
