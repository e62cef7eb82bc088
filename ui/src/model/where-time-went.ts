/** The answer before the chart: what the trace waited for, largest first, same work taken together. */

import { between, type Nanos, nanos } from "../base/time.ts";
import { within } from "./requests.ts";
import { spanTarget, spanTitle } from "./span-text.ts";
import type { Span, Trace } from "./trace.ts";

export interface Share {
  readonly title: string;
  /** Whom it talked to; may be empty. */
  readonly target: string;
  readonly service: string;
  readonly phase: string;
  /** How long the whole waited for it. */
  readonly critical: Nanos;
  /** How many spans of that name are on the critical path. */
  readonly count: number;
  /** The one that took most: where to look. */
  readonly span: number;
  readonly failed: boolean;
}

export interface WhereTimeWent {
  /** Largest first. */
  readonly shares: readonly Share[];
  /** The whole critical path: what the shares are parts of. */
  readonly total: Nanos;
  /** How many paths that is. Each root has its own, and what a queue delivered runs beside what sent it. */
  readonly paths: number;
}

/** Of the whole journey, or of one request and what it called. */
export function whereTimeWent(trace: Trace, requestId: string | null = null): WhereTimeWent {
  const inside = requestId === null ? null : within(trace, requestId);
  const roots = rootsOf(trace);
  const paths = new Set<number | undefined>();
  const perSpan = new Map<number, bigint>();
  for (const { span, start, end } of trace.criticalPath) {
    if (inside !== null && !inside[span]) continue;
    paths.add(roots[span]);
    perSpan.set(span, (perSpan.get(span) ?? 0n) + between(start, end));
  }
  const groups = new Map<string, Group>();
  let total = 0n;
  for (const [index, critical] of perSpan) {
    const span = trace.spans[index];
    if (span === undefined) continue;
    total += critical;
    const target = spanTarget(span);
    const key = `${span.service}\u0000${span.phase}\u0000${span.name}\u0000${target}`;
    groups.set(key, joined(groups.get(key), { span, target, index, critical }));
  }
  const shares = [...groups.values()].map(group => group.share);
  shares.sort((left, right) => Number(right.critical - left.critical));
  return { shares, total: nanos(total), paths: paths.size };
}

function rootsOf(trace: Trace): readonly number[] {
  const roots: number[] = [];
  trace.spans.forEach(({ parent }, index) => {
    roots.push(parent === null ? index : (roots[parent] ?? index));
  });
  return roots;
}

interface Group {
  readonly share: Share;
  /** What its longest span took. */
  readonly most: bigint;
}

interface OnPath {
  readonly span: Span;
  readonly target: string;
  readonly index: number;
  readonly critical: bigint;
}

function joined(group: Group | undefined, { span, target, index, critical }: OnPath): Group {
  const failed = span.status === "error";
  if (group === undefined) {
    const { service, phase } = span;
    const title = spanTitle(span);
    const share = { title, target, service, phase, critical: nanos(critical), count: 1, span: index, failed };
    return { share, most: critical };
  }
  const { share, most } = group;
  return {
    most: critical > most ? critical : most,
    share: {
      ...share,
      critical: nanos(share.critical + critical),
      count: share.count + 1,
      span: critical > most ? index : share.span,
      failed: share.failed || failed,
    },
  };
}
