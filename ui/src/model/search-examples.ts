/** Queries to begin with, that fit what runs there. */

import type { FunctionSummary } from "./function.ts";
import { quoted } from "./search-groups.ts";
import { roundedLength, writtenLength } from "./trace-search.ts";

export interface Example {
  readonly title: string;
  readonly query: string;
  /** How its answer is best seen. */
  readonly view: "list" | "scatter" | "groups";
}

const most = (functions: readonly FunctionSummary[], of: (one: FunctionSummary) => number): FunctionSummary | null =>
  functions.reduce<FunctionSummary | null>(
    (best, one) => (of(one) > (best === null ? 0 : of(best)) ? one : best),
    null,
  );

/** Of the busiest, the most failing, the one that starts most often; and of what is worth a look anywhere. */
export function examplesFor(functions: readonly FunctionSummary[]): Example[] {
  const busiest = most(functions, one => one.invocations);
  const failing = most(functions, one => one.errors);
  const starting = most(functions, one => (one.initP50 === null ? 0 : one.coldStarts));
  const of = (name: string) => `resource.service.name = ${quoted(name)}`;
  const examples: (Example | null)[] = [
    busiest && {
      title: `Slow ${busiest.name}`,
      query: `{ ${of(busiest.name)} && duration > ${writtenLength(shortLength(Number(busiest.p95)))} }`,
      view: "scatter",
    },
    failing && {
      title: `Errors of ${failing.name}`,
      query: `{ ${of(failing.name)} && status = error } | select(statusMessage)`,
      view: "list",
    },
    starting && {
      title: `Cold starts of ${starting.name}`,
      query: `{ ${of(starting.name)} && name = "init" && duration > ${writtenLength(shortLength(Number(starting.initP50) / 2))} }`,
      view: "scatter",
    },
    { title: "What fails, and how often", query: "{ status = error } | by(name)", view: "groups" },
    {
      title: "Calls that one trace makes more than twice",
      query: "{ kind = client } | by(name) | count() > 2",
      view: "groups",
    },
    {
      title: "Where calls wait, by service",
      query: "{ kind = client && duration > 100ms } | by(resource.service.name) | max(duration) > 0",
      view: "groups",
    },
  ];
  return examples.filter(one => one !== null);
}

/** A length as somebody would type it: two digits at most. */
function shortLength(length: number): bigint {
  const unit = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, length))) - 1);
  return roundedLength(Math.floor(length / unit) * unit, false);
}
