/** Cold starts of the made-up shop, counted from its invocations. */

import type { components } from "../src/api/generated/openapi.ts";

type Schemas = components["schemas"];
type Invocation = Schemas["Invocation"];

const MINUTE = 60_000_000_000n;
const MOST_STEPS = 120n;
const STEP_MINUTES = [1n, 2n, 5n, 10n, 20n, 30n, 60n, 120n, 360n, 720n, 1440n];
/** As the traces of the shop have it: extensions first, then the runtime with what a function does before its handler. */
const EXTENSIONS = 41_000_000n;

const isCold = (one: Invocation): boolean => one.cold !== "warm";

export function coldStarts(invocations: readonly Invocation[], from: bigint, to: bigint): Schemas["ColdStarts"] {
  const minutes = STEP_MINUTES.find(minutes => (to - from) / (minutes * MINUTE) <= MOST_STEPS) ?? 1440n;
  const step = minutes * MINUTE;
  const points = grouped(invocations, one => String((BigInt(one.start) / step) * step));
  const parts = grouped(invocations, ({ function: name, version, runtime, architecture, memory_bytes }) =>
    [name, version, runtime, architecture, memory_bytes].join("\n"),
  );
  return {
    step: String(step),
    points: [...points]
      .map(([start, of]) => ({ start, ...counted(of) }))
      .sort((left, right) => Number(BigInt(left.start) - BigInt(right.start))),
    phases: phases(invocations),
    parts: [...parts.values()].map(part).sort((left, right) => Number(right.cold_starts) - Number(left.cold_starts)),
  };
}

function part(invocations: readonly Invocation[]): Schemas["ColdStartPart"] {
  const [first] = invocations as [Invocation];
  const { version, runtime, architecture, memory_bytes } = first;
  return { function: first.function, version, runtime, architecture, memory_bytes, ...counted(invocations) };
}

function counted(invocations: readonly Invocation[]) {
  const inits = sorted(invocations.map(one => one.init));
  return {
    invocations: String(invocations.length),
    cold_starts: String(invocations.filter(isCold).length),
    init_p50: at(inits, 0.5),
    init_p95: at(inits, 0.95),
  };
}

function phases(invocations: readonly Invocation[]): Schemas["ColdStartPhase"][] {
  const inits = sorted(invocations.filter(isCold).map(one => one.init));
  const phase = (name: string, of: (init: bigint) => bigint): Schemas["ColdStartPhase"] => {
    const lengths = sorted(inits.map(init => String(of(init))));
    return { phase: name, seen: String(inits.length), p50: at(lengths, 0.5) ?? "0", p95: at(lengths, 0.95) ?? "0" };
  };
  if (inits.length === 0) return [];
  const extensions = (init: bigint) => (init < EXTENSIONS ? init / 2n : EXTENSIONS);
  return [
    phase("init", init => init),
    phase("extension_init", extensions),
    phase("runtime_init", init => init - extensions(init)),
  ];
}

function grouped(invocations: readonly Invocation[], keyOf: (one: Invocation) => string): Map<string, Invocation[]> {
  const groups = new Map<string, Invocation[]>();
  for (const one of invocations) {
    const known = groups.get(keyOf(one));
    if (known === undefined) groups.set(keyOf(one), [one]);
    else known.push(one);
  }
  return groups;
}

function sorted(lengths: readonly (string | null)[]): bigint[] {
  return lengths
    .filter(length => length !== null)
    .map(BigInt)
    .sort((left, right) => Number(left - right));
}

function at(lengths: readonly bigint[], part: number): string | null {
  const found = lengths[Math.min(lengths.length - 1, Math.floor(lengths.length * part))];
  return found === undefined ? null : String(found);
}
