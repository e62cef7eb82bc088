/** The invocations of a journey on one axis of time. */

import { after, between, earliest, latest, type Time } from "../base/time.ts";
import type { Invocation } from "./invocation.ts";
import type { Hop, Trace } from "./trace.ts";

export interface JourneyStop {
  readonly invocation: Invocation;
  readonly hop: Hop | null;
  /** Nanoseconds: in a queue, then for the start of its sandbox; 0 where it did not. */
  readonly waited: number;
  readonly started: number;
  /** Null while it runs, and where that is not known. */
  readonly ran: number | null;
}

export interface Stops {
  /** In the order in which they began. */
  readonly stops: readonly JourneyStop[];
  /** The axis: from the first thing that anything waited for to the end of the last. */
  readonly from: Time;
  readonly length: number;
}

export function journeyOf(trace: Trace): Stops {
  const stops = trace.invocations
    .map((invocation, place) => stopOf(invocation, trace.hops[place] ?? null))
    .sort((left, right) => Number(left.invocation.start - right.invocation.start));
  const [first] = stops;
  if (first === undefined) return { stops, from: trace.start, length: 1 };
  const begun = ({ invocation, waited, started }: JourneyStop) => after(invocation.start, -BigInt(waited + started));
  const ended = ({ invocation, ran }: JourneyStop) => after(invocation.start, BigInt(ran ?? 0));
  const from = stops.map(begun).reduce(earliest);
  const to = stops.map(ended).reduce(latest);
  return { stops, from, length: Math.max(1, Number(between(from, to))) };
}

function stopOf(invocation: Invocation, hop: Hop | null): JourneyStop {
  return {
    invocation,
    hop,
    waited: Number(hop?.waited ?? 0n),
    started: invocation.cold === "warm" ? 0 : Number(invocation.init ?? invocation.restore ?? 0n),
    ran: invocation.duration === null ? null : Number(invocation.duration),
  };
}
