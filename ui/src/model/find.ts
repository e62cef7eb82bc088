/** Finding spans by what is written in them, and the next one of a kind. */

import { valueText } from "./attribute.ts";
import type { Span, Trace } from "./trace.ts";

/** Per span whether it matches; null where nothing is asked for. */
export function matches(trace: Trace, query: string): Uint8Array | null {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") return null;
  return Uint8Array.from(trace.spans, span => (spanMatches(span, wanted) ? 1 : 0));
}

function spanMatches(span: Span, wanted: string): boolean {
  const has = (text: string) => text.toLowerCase().includes(wanted);
  return (
    has(span.name) ||
    has(span.service) ||
    has(span.statusMessage) ||
    span.spanId === wanted ||
    span.attributes.some(one => has(one.key) || has(valueText(one.value)))
  );
}

/** The next index after `from` that is wanted, going round; null where there is none. */
export function nextOf(count: number, from: number, step: 1 | -1, wanted: (index: number) => boolean): number | null {
  for (let tried = 1; tried <= count; tried++) {
    const index = (((from + step * tried) % count) + count) % count;
    if (wanted(index)) return index;
  }
  return null;
}
