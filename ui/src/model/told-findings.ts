/** What about all functions costs, as it was told when they were looked at. */

import { type Dollars, dollars } from "../base/money.ts";
import type { Time } from "../base/time.ts";
import type { FunctionFinding } from "./function-findings.ts";

export interface ToldFinding extends Omit<FunctionFinding, "evidence"> {
  readonly function: string;
  /** When it was told first, as far as data go back. */
  readonly firstSeen: Time;
  readonly lastSeen: Time;
  /** Whether the last look at its function told it. */
  readonly isThere: boolean;
}

/** What tells it from all others. */
export function keyOf({ function: name, kind, about, title }: ToldFinding): string {
  return [name, kind, about, title].join(" ");
}

/** Those of functions that have this in their names, in their order. */
export function ofFunctions(findings: readonly ToldFinding[], name: string): ToldFinding[] {
  const wanted = name.trim().toLowerCase();
  return findings.filter(one => one.function.toLowerCase().includes(wanted));
}

export interface Together {
  readonly functions: number;
  /** What a month would cost less, were all of them ended and none a part of another; null where no price is known. */
  readonly monthly: Dollars | null;
}

/** What would cost more saves nothing, and is not set off against the rest. */
export function together(findings: readonly ToldFinding[]): Together {
  const known = findings.map(one => one.gain.monthly).filter(monthly => monthly !== null);
  const saved = known.filter(monthly => monthly > 0n).reduce((sum, one) => sum + one, 0n);
  return {
    functions: new Set(findings.map(one => one.function)).size,
    monthly: known.length === 0 ? null : dollars(saved),
  };
}
