/** What happened around an invocation, on one axis: its sandbox is made ready, it runs, the sandbox is frozen. */

import { after, between, earliest, latest, type Nanos, type Time } from "../base/time.ts";
import type { Invocation } from "./invocation.ts";
import type { FunctionSandboxes, Sandbox, SandboxRun } from "./sandboxes.ts";
import { type Hop, PHASE_TEXT, type Trace } from "./trace.ts";

export interface Stage {
  readonly phase: string;
  readonly title: string;
  readonly from: Time;
  readonly to: Time;
  /** Whether it is a part of the stage above it. */
  readonly isInner: boolean;
}

export interface InvocationLife {
  readonly stages: readonly Stage[];
  readonly from: Time;
  /** When the sandbox could be frozen; null while it runs, and where nobody told the end. */
  readonly frozen: Time | null;
  readonly to: Time;
  /** When the first byte of the response was there. */
  readonly responded: Time | null;
}

/** In the order in which they come. */
const PHASES = [
  "init",
  "restore",
  "extension_init",
  "runtime_init",
  "invocation",
  "runtime_overhead",
  "extension_overhead",
];
const INNER = new Set(["extension_init", "runtime_init"]);

/** From the platform's spans of the invocation; where there are none, from what the platform told in figures. */
export function lifeOf(invocation: Invocation, trace: Trace): InvocationLife {
  const { start, duration, responseLatency } = invocation;
  const told = stagesTold(invocation, trace);
  const stages = PHASES.flatMap(phase => {
    const found = told.get(phase) ?? stageKnown(invocation, phase);
    return found === null ? [] : [{ phase, title: PHASE_TEXT[phase] ?? phase, ...found, isInner: INNER.has(phase) }];
  });
  const end = stages.map(({ to }) => to).reduce(latest, start);
  return {
    stages,
    from: stages.map(({ from }) => from).reduce(earliest, start),
    frozen: duration === null ? null : end,
    to: end,
    responded: responseLatency === null ? null : after(start, responseLatency),
  };
}

type Stretch = Pick<Stage, "from" | "to">;

function stagesTold({ requestId, start, duration }: Invocation, { spans }: Trace): Map<string, Stretch> {
  const found = new Map<string, Stretch>();
  const end = duration === null ? null : after(start, duration);
  for (const span of spans) {
    if (span.requestId !== requestId || span.phase === "" || found.has(span.phase)) continue;
    // Of another attempt of the same request.
    const isOther = span.phase === "invocation" && end !== null && (span.start > end || span.end < start);
    if (!isOther) found.set(span.phase, { from: span.start, to: span.end });
  }
  return found;
}

function stageKnown(invocation: Invocation, phase: string): Stretch | null {
  const { start, duration, init, restore } = invocation;
  if (phase === "init") return init === null ? null : { from: after(start, -init), to: start };
  if (phase === "restore") return restore === null ? null : { from: after(start, -restore), to: start };
  if (phase === "invocation") return duration === null ? null : { from: start, to: after(start, duration) };
  return null;
}

/** Of the time that the platform allows, the part that it took; null where either is not known. */
export function limitUsed({ start, deadline, duration }: Invocation): { limit: Nanos; part: number } | null {
  if (deadline === null || duration === null || deadline <= start) return null;
  const limit = between(start, deadline);
  return { limit, part: Number(duration) / Number(limit) };
}

/** The runs before and after it on the same sandbox. */
export interface Neighbours {
  readonly sandbox: Sandbox;
  /** From 1, of those that are told. */
  readonly place: number;
  readonly previous: SandboxRun | null;
  readonly next: SandboxRun | null;
  /** How long the sandbox lay between; null where there is nobody, or an end is not known. */
  readonly idleBefore: Nanos | null;
  readonly idleAfter: Nanos | null;
}

/** Null where it is not among those that are told one by one. */
export function neighboursOf({ sandboxes }: FunctionSandboxes, requestId: string): Neighbours | null {
  const sandbox = sandboxes.find(({ runs }) => runs.some(run => run.requestId === requestId));
  const at = sandbox?.runs.findIndex(run => run.requestId === requestId) ?? -1;
  const own = sandbox?.runs[at];
  if (sandbox === undefined || own === undefined) return null;
  const previous = sandbox.runs[at - 1] ?? null;
  const next = sandbox.runs[at + 1] ?? null;
  return {
    sandbox,
    place: at + 1,
    previous,
    next,
    idleBefore: previous === null ? null : idle(previous, own),
    idleAfter: next === null ? null : idle(own, next),
  };
}

function idle({ start, duration }: SandboxRun, next: SandboxRun): Nanos | null {
  return duration === null ? null : between(earliest(after(start, duration), next.start), next.start);
}

export interface Attempt {
  readonly invocation: Invocation;
  readonly hop: Hop;
}

/** All attempts of the same request or message, the first one first; none where there is but one. */
export function attemptsOf({ requestId, start }: Invocation, { invocations, hops }: Trace): Attempt[] {
  const all = invocations.flatMap((invocation, at): Attempt[] => {
    const hop = hops[at];
    return hop === undefined ? [] : [{ invocation, hop }];
  });
  const own =
    all.find(({ invocation }) => invocation.requestId === requestId && invocation.start === start) ??
    all.find(({ invocation }) => invocation.requestId === requestId);
  if (own === undefined || own.hop.attempts < 2) return [];
  const isSame = ({ invocation, hop }: Attempt) =>
    hop.attempts > 1 &&
    (invocation.requestId === requestId ||
      (hop.cause !== null && hop.cause === own.hop.cause && invocation.function === own.invocation.function));
  return all.filter(isSame).sort((left, right) => left.hop.attempt - right.hop.attempt);
}
