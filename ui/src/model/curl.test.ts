import { expect, test } from "vitest";

import { curlOf } from "./curl.ts";

test("a command has each word in quotes that a shell leaves alone", () => {
  const query = "{ .a = \"$HOME\" && .b = 'x' }";
  expect(
    curlOf("http://127.0.0.1:7070", "/api/v1/search", [
      ["q", query],
      ["limit", "100"],
    ]),
  ).toBe(
    [
      "curl --get 'http://127.0.0.1:7070/api/v1/search' \\",
      "  --data-urlencode 'q={ .a = \"$HOME\" && .b = '\\''x'\\'' }' \\",
      "  --data-urlencode 'limit=100'",
    ].join("\n"),
  );
});

test("a key is taken from where the shell has it", () => {
  expect(curlOf("http://127.0.0.1:7070", "/api/v1/map", [["from", "1"]], true)).toBe(
    [
      "curl --get 'http://127.0.0.1:7070/api/v1/map'",
      '-H "x-api-key: $COLDTRACE_API_KEY"',
      "--data-urlencode 'from=1'",
    ].join(" \\\n  "),
  );
});
