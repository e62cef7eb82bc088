/** Who calls whom: what the map's page loads. */

import { keepPreviousData, queryOptions } from "@tanstack/react-query";
import * as z from "zod/mini";

import { now } from "../base/time.ts";
import { bounds, type Range, rangeSearch } from "../model/range.ts";
import { type MapEdge, type MapNode, NODE_KINDS, type ServiceMap } from "../model/service-map.ts";
import { get } from "./request.ts";
import { count, nanosText, type Wire } from "./schemas.ts";

/** It is told from many spans: it is not asked for as often as a list. */
const REFRESH_MS = 60_000;

const text = z.string();

const node = z.object({
  id: text,
  kind: z.enum(NODE_KINDS),
  system: z.nullable(text),
  name: text,
  function: z.nullable(text),
  calls: count,
  errors: count,
}) satisfies Wire<"MapNode", MapNode>;

const edge = z.pipe(
  z.object({
    from: text,
    to: text,
    kind: z.enum(["call", "message"]),
    calls: count,
    errors: count,
    p50: nanosText,
    p95: nanosText,
    is_estimated: z.boolean(),
  }),
  z.transform(({ is_estimated, ...wire }): MapEdge => ({ ...wire, isEstimated: is_estimated })),
) satisfies Wire<"MapEdge", MapEdge>;

const serviceMap = z.object({ nodes: z.array(node), edges: z.array(edge), sampled: count }) satisfies Wire<
  "ServiceMap",
  ServiceMap
>;

export function mapQuery(range: Range) {
  return queryOptions({
    queryKey: ["map", rangeSearch(range)],
    queryFn: ({ signal }) => get("map", { ...bounds(range, now()) }, serviceMap, signal),
    staleTime: REFRESH_MS,
    refetchInterval: range.kind === "last" ? REFRESH_MS : false,
    placeholderData: keepPreviousData,
  });
}
