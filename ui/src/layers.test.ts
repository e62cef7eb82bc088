/** Who may import whom: base < model < api < widgets < views < app, and no view another view. */

import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

import { expect, test } from "vitest";

const SOURCES = import.meta.dirname;
const LAYERS = ["base", "model", "api", "widgets", "views", "app"];

/** What each layer may import from outside; a name stands for all that begins with it. */
const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  base: [],
  model: [],
  api: ["@tanstack/react-query", "zod/mini"],
  widgets: ["react"],
  views: ["react", "@tanstack/react-query", "@tanstack/react-router"],
  app: ["react", "@tanstack/react-query", "@tanstack/react-router"],
};

interface Import {
  readonly file: string;
  readonly from: string;
}

function imports(): Import[] {
  const files = readdirSync(SOURCES, { recursive: true, encoding: "utf8" });
  return files
    .filter(file => /\.tsx?$/.test(file) && !file.includes(".test.") && !file.includes("generated"))
    .flatMap(file => {
      const text = readFileSync(join(SOURCES, file), "utf8");
      const found = text.matchAll(/(?:\bfrom |^import |\bimport\()"([^"\s]+)"/gm);
      return [...found].map(([, from = ""]) => ({ file, from }));
    });
}

/** Why an import is not allowed; null where it is. */
function objection({ file, from }: Import): string | null {
  const [layer = "", view] = file.split("/");
  if (!from.startsWith(".")) {
    const allowed = PACKAGES[layer]?.some(
      name => from === name || from.startsWith(`${name}/`) || from === `${name}-dom/client`,
    );
    return allowed ? null : `${file} imports ${from}, which ${layer} may not`;
  }
  const target = relative(SOURCES, resolve(SOURCES, dirname(file), from));
  const [targetLayer = "", targetView] = target.split("/");
  if (LAYERS.indexOf(targetLayer) > LAYERS.indexOf(layer)) return `${file} imports ${target}, which lies above it`;
  const crosses = layer === "views" && targetLayer === "views" && view !== targetView;
  return crosses ? `${file} imports ${target}, another view` : null;
}

test("every import goes down", () => {
  const found = imports();
  expect(found.length).toBeGreaterThan(100);
  expect(found.map(objection).filter(text => text !== null)).toEqual([]);
});

test("an import that goes up is seen", () => {
  expect(objection({ file: "model/layout.ts", from: "../widgets/Icon.tsx" })).toContain("lies above");
  expect(objection({ file: "views/trace/index.tsx", from: "../traces/url.ts" })).toContain("another view");
  expect(objection({ file: "model/layout.ts", from: "react" })).toContain("may not");
  expect(objection({ file: "views/trace/url.ts", from: "../../model/view.ts" })).toBeNull();
});
