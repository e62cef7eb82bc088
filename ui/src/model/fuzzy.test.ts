import { expect, test } from "vitest";

import { fuzzy, pieces } from "./fuzzy.ts";

const inOrder = (query: string, texts: readonly string[]): string[] =>
  texts
    .flatMap(text => {
      const match = fuzzy(query, text);
      return match === null ? [] : [{ text, score: match.score }];
    })
    .sort((left, right) => right.score - left.score)
    .map(({ text }) => text);

test("what begins so comes first, then what has words that do, then what has it inside, and last letters that are strewn", () => {
  expect(inOrder("map", ["mixed traps", "remapper", "my-app", "map", "Map of calls"])).toEqual([
    "map",
    "Map of calls",
    "my-app",
    "remapper",
    "mixed traps",
  ]);
});

test("the first letters of words are meant", () => {
  expect(fuzzy("cs", "Cold starts")?.at).toEqual([0, 5]);
  expect(fuzzy("ip", "image-processor")?.at).toEqual([0, 6]);
  expect(fuzzy("iP", "imageProcessor")?.at).toEqual([0, 5]);
});

test("words may stand in any order, and each has to be there", () => {
  expect(fuzzy("rule new", "New alert rule")).not.toBeNull();
  expect(fuzzy("rule old", "New alert rule")).toBeNull();
  expect(fuzzy("tk", "kt")).toBeNull();
});

test("nothing typed matches everything, longer texts less", () => {
  expect(inOrder("", ["longer text", "text"])).toEqual(["text", "longer text"]);
});

test("whatever is typed matches only where its letters stand in order", () => {
  const isIn = (word: string, text: string) => {
    let at = -1;
    return [...word].every(letter => {
      at = text.indexOf(letter, at + 1);
      return at >= 0;
    });
  };
  const texts = ["", "a", "ab", "ba", "aab", "abab", "bbab", "a-b-a", "babba"];
  for (const word of texts.filter(text => text !== "" && !text.includes("-"))) {
    for (const text of texts) {
      const match = fuzzy(word, text);
      expect(match !== null, `${word} in ${text}`).toBe(isIn(word, text));
      if (match !== null) expect(match.at.map(place => text[place]).join("")).toBe(word);
    }
  }
});

test("a text is cut where what was meant begins and ends", () => {
  expect(pieces("Cold starts", [0, 5, 6])).toEqual([
    { text: "C", isMeant: true },
    { text: "old ", isMeant: false },
    { text: "st", isMeant: true },
    { text: "arts", isMeant: false },
  ]);
});
