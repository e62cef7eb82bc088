/** Queries as the store might have run them to answer a call, made up from its address. */

import type { components } from "../src/api/generated/openapi.ts";

type Schemas = components["schemas"];

const TABLES: Readonly<Record<string, string>> = {
  functions: "fn_1m",
  invocations: "invocations",
  traces: "trace_index",
  search: "spans",
  logs: "logs",
  errors: "errors",
  map: "edges_1m",
};

export function shownQueries({ pathname, searchParams }: URL): Schemas["QueryList"] {
  const [resource = "", id] = pathname.split("/").slice(3);
  if (resource === "settings" || resource === "keys") return { queries: [] };
  const table = TABLES[resource] ?? "invocations";
  const bounds = [
    ["from", ">="],
    ["to", "<"],
  ].flatMap(([name = "", is]) => {
    const at = searchParams.get(name);
    return at === null ? [] : [`  AND ts ${is} fromUnixTimestamp64Nano(${at})`];
  });
  const of = id === undefined ? [] : [`  AND id = '${decodeURIComponent(id)}'`];
  const where = ["WHERE tenant = 'default'", ...bounds, ...of].join("\n");
  const query = (columns: string, rows: number): Schemas["ShownQuery"] => ({
    sql: `SELECT ${columns}\nFROM coldtrace.${table}\n${where}`,
    took: String(rows * 310 + 2_100_000),
    rows: String(rows),
    bytes: String(rows * 146),
  });
  return { queries: [query("count()", 18_204), query("*\n  , sum(billed) AS billed", 48_112)] };
}
