/** What ran a function: its sandboxes, each with its life on one axis of time, and how many invocations ran at once. */

import type { Dollars } from "../base/money.ts";
import { after, between, earliest, latest, longest, MINUTE, type Nanos, type Time } from "../base/time.ts";
import { type Cold, isFailure, type Outcome } from "./invocation.ts";

export interface FunctionSandboxes {
  /** Those that served somebody, as far as they are told one by one. */
  readonly sandboxes: readonly Sandbox[];
  readonly total: number;
  readonly unused: UnusedSandboxes;
  /** Of the concurrency. */
  readonly step: Nanos;
  /** Of steps with invocations, the earliest first; null where there were too many to count. */
  readonly concurrency: readonly ConcurrencyPoint[] | null;
}

/** Made ready, and nobody was served by them so far. */
export interface UnusedSandboxes {
  readonly sandboxes: number;
  /** Their inits together. */
  readonly prepared: Nanos;
  readonly cost: Dollars | null;
}

export interface ConcurrencyPoint {
  readonly start: Time;
  readonly most: number;
}

export interface Sandbox {
  readonly id: string;
  readonly version: string | null;
  /** Configured. */
  readonly memoryBytes: bigint | null;
  /** Of its first invocation of the range. */
  readonly cold: Cold;
  /** Null where it was not told. */
  readonly prepared: Preparation | null;
  readonly invocations: number;
  readonly errors: number;
  readonly busy: Nanos;
  readonly first: Time;
  readonly last: Time;
  /** Most used after its first invocation of the range, and after its last. */
  readonly firstMemoryBytes: bigint | null;
  readonly lastMemoryBytes: bigint | null;
  /** Its latest invocations in order of time: all of them, or as many as are told one by one. */
  readonly runs: readonly SandboxRun[];
}

export interface Preparation {
  readonly kind: "init" | "restore";
  readonly start: Time;
  readonly duration: Nanos;
}

export interface SandboxRun {
  readonly requestId: string;
  readonly start: Time;
  /** Null while it runs, and where nobody told its end. */
  readonly duration: Nanos | null;
  readonly outcome: Outcome;
}

export interface Axis {
  readonly from: Time;
  readonly to: Time;
}

/** Of an axis, as parts of its length. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

/** How a sandbox is drawn: everything is a part of the axis. */
export interface Lifeline {
  /** From its preparation, or its first invocation, to the end of its last. */
  readonly alive: Part;
  /** Null where it is not told, or was over before the axis begins. */
  readonly prepared: Part | null;
  /** Whether it was made ready before the axis begins. */
  readonly isOlder: boolean;
  /** Where it served invocations that are not told one by one. */
  readonly untold: Part | null;
  /** Of each of its runs. */
  readonly marks: readonly Mark[];
}

export interface Mark extends Part {
  readonly kind: MarkKind;
}

/** Open is what still runs. */
export type MarkKind = "served" | "open" | "failed";

/** Of less, clocks have no marks to name. */
const SHORTEST = 5n * MINUTE;
/** Lives that take as much of the range are shown on all of it. */
const MOST_OF = 2n;

/** The one that came into being last comes first. */
export function newestFirst(sandboxes: readonly Sandbox[]): Sandbox[] {
  return [...sandboxes].sort((left, right) => Number(begunAt(right) - begunAt(left)));
}

const begunAt = ({ prepared, first }: Sandbox): Time => (prepared === null ? first : prepared.start);

/** The time that all lives share: the range, or what of it they fill where that is less than half. */
export function lifeAxis(sandboxes: readonly Sandbox[], { from, to }: Axis): Axis {
  const starts = sandboxes.map(begunAt).filter(start => start >= from);
  const begun = [...starts, ...sandboxes.map(one => one.first)].reduce(earliest, to);
  const end = earliest(to, sandboxes.map(one => one.last).reduce(latest, begun));
  const length = longest([between(begun, end), SHORTEST]);
  if (sandboxes.length === 0 || length * MOST_OF >= between(from, to)) return { from, to };
  const room = length / 50n;
  return { from: latest(from, after(end, -length - room)), to: earliest(to, after(end, room)) };
}

export function lifelineOf({ prepared, first, last, invocations, runs }: Sandbox, axis: Axis): Lifeline {
  const whole = Math.max(1, Number(between(axis.from, axis.to)));
  const place = (moment: Time) => Math.min(1, Math.max(0, Number(between(axis.from, moment)) / whole));
  const stretch = (from: Time, to: Time): Part => ({ from: place(from), to: place(to) });
  const ready = prepared === null ? null : after(prepared.start, prepared.duration);
  const isOlder = prepared !== null && prepared.start < axis.from;
  const [earliest] = runs;
  return {
    alive: stretch(prepared === null ? first : prepared.start, last),
    prepared: prepared === null || ready === null || ready < axis.from ? null : stretch(prepared.start, ready),
    isOlder,
    untold: earliest !== undefined && runs.length < invocations ? stretch(first, earliest.start) : null,
    marks: runs.map(({ start, duration, outcome }) => ({
      kind: isFailure(outcome) ? "failed" : outcome === "running" ? "open" : "served",
      ...stretch(start, outcome === "running" && duration === null ? axis.to : after(start, duration ?? 0n)),
    })),
  };
}

/** Which mark is meant by a place on the axis; the nearest, and of those that are as near the one that failed. */
export function markNear(marks: readonly Mark[], place: number, slack: number): number {
  const away = ({ from, to }: Mark) => Math.max(0, from - place, place - to);
  const score = (mark: Mark) => away(mark) - (mark.kind === "failed" ? slack : 0);
  return marks.reduce((best, mark, at) => (score(mark) < score(marks[best] as Mark) ? at : best), 0);
}

/** The most that ran at once; null where it was not counted. */
export function mostAtOnce({ concurrency }: FunctionSandboxes): number | null {
  return concurrency === null ? null : Math.max(0, ...concurrency.map(point => point.most));
}

export interface MemoryUse {
  /** Null where there was no time to grow, or it is not known. */
  readonly first: bigint | null;
  readonly last: bigint;
  /** Of what is configured; null where that is not known. */
  readonly part: number | null;
}

/** How its memory crept from its first invocation to its last; null where nobody told. */
export function memoryUse({ invocations, memoryBytes, firstMemoryBytes, lastMemoryBytes }: Sandbox): MemoryUse | null {
  if (lastMemoryBytes === null) return null;
  return {
    first: invocations < 2 ? null : firstMemoryBytes,
    last: lastMemoryBytes,
    part: memoryBytes === null || memoryBytes === 0n ? null : Number(lastMemoryBytes) / Number(memoryBytes),
  };
}
