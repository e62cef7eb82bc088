/** The API's description is the contract: what changes in it and is not known here breaks the build of the ui. */

import { readFileSync } from "node:fs";
import { join } from "node:path";

import openapiTypes, { astToString } from "openapi-typescript";
import ts from "typescript";
import { expect, test } from "vitest";

const UI = join(import.meta.dirname, "../..");
const DESCRIPTION = join(UI, "../query/openapi.yaml");
const GENERATED = join(import.meta.dirname, "generated/openapi.ts");
/** Small, and parsed field by field as all are. */
const READER = join(import.meta.dirname, "map.ts");
const COMPILE_MS = 120_000;

test(
  "a field that is called otherwise does not compile",
  async () => {
    const described = readFileSync(DESCRIPTION, "utf8");
    const field = "        is_estimated: { type: boolean, description: Whether its numbers were multiplied }";
    expect(described, "the field that is changed").toContain(field);
    const changed = described
      .replace(field, field.replace("is_estimated", "is_multiplied"))
      .replace(
        "required: [from, to, kind, calls, errors, p50, p95, is_estimated]",
        "required: [from, to, kind, calls, errors, p50, p95, is_multiplied]",
      );
    const types = astToString(await openapiTypes(Buffer.from(changed)));
    expect(mistakes(readFileSync(GENERATED, "utf8")), "as it is").toEqual([]);
    expect(mistakes(types).join("\n")).toMatch(/MapEdge|is_multiplied/);
  },
  COMPILE_MS,
);

/** What the compiler says of a reader of the API, with these types of it. */
function mistakes(generated: string): string[] {
  const { config } = ts.readConfigFile(join(UI, "tsconfig.json"), ts.sys.readFile);
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, UI);
  const host = ts.createCompilerHost(options);
  const read = host.readFile.bind(host);
  const parse = host.getSourceFile.bind(host);
  host.readFile = name => (isGenerated(name) ? generated : read(name));
  host.getSourceFile = (name, language, ...more) =>
    isGenerated(name) ? ts.createSourceFile(name, generated, language) : parse(name, language, ...more);
  const program = ts.createProgram([READER], { ...options, types: [] }, host);
  const reader = program.getSourceFile(READER);
  return program
    .getSemanticDiagnostics(reader)
    .map(({ messageText }) => ts.flattenDiagnosticMessageText(messageText, "\n"));
}

const isGenerated = (name: string): boolean => name.endsWith("/api/generated/openapi.ts");
