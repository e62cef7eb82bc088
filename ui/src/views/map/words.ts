import { formatShare, plural } from "../../base/format.ts";
import type { FunctionSummary } from "../../model/function.ts";
import { KIND_TEXT, type MapNode, type ServiceMap } from "../../model/service-map.ts";
import type { Shape } from "./NodeMark.tsx";

export type Functions = ReadonlyMap<string, FunctionSummary>;

export function shapeOf({ kind, name }: MapNode, functions: Functions): Shape {
  return kind === "service" && functions.has(name) ? "function" : kind;
}

/** `function`, `database, postgresql`. */
export function kindText(node: MapNode, functions: Functions): string {
  const kind = shapeOf(node, functions) === "function" ? "function" : KIND_TEXT[node.kind];
  return node.system === null ? kind : `${kind}, ${node.system}`;
}

/** What comes in: calls, or where a function is called by nobody known its invocations. */
export function loadText(node: MapNode, functions: Functions): string {
  if (node.calls > 0) return plural(node.calls, "call");
  const known = node.kind === "service" ? functions.get(node.name) : undefined;
  return known === undefined ? "calls others" : plural(known.invocations, "invocation");
}

export function failedText({ calls, errors }: { readonly calls: number; readonly errors: number }): string {
  return errors === 0 ? "" : `${formatShare(errors, calls)} failed`;
}

/** A node for those who can't see where it stands: what stands on it, and what else there is to know. */
export function spoken(node: MapNode, map: ServiceMap, functions: Functions): string {
  const names = new Map(map.nodes.map(one => [one.id, one.name]));
  const called = map.edges.filter(edge => edge.from === node.id).map(edge => names.get(edge.to) ?? edge.to);
  const seen = [node.name, loadText(node, functions), failedText(node)].filter(text => text !== "").join(", ");
  const calls = called.length === 0 ? "" : `; calls ${[...new Set(called)].join(", ")}`;
  return `${seen}; ${kindText(node, functions)}${calls}`;
}
