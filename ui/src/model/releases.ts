/** When versions came: what changed then may be due to them. */

import type { Time } from "../base/time.ts";
import type { FunctionPart } from "./function-detail.ts";
import { type Steps, startOf } from "./steps.ts";

export interface Release {
  readonly version: string;
  readonly at: Time;
}

/**
 * Those that were seen first within the steps. Of the version that was there before all others nobody knows here when it came.
 *
 * @param versions the one first seen first
 */
export function releasesOf(versions: readonly FunctionPart[], steps: Steps): Release[] {
  const end = startOf(steps, steps.count);
  return versions
    .slice(1)
    .filter(({ firstSeen }) => firstSeen >= steps.first && firstSeen < end)
    .map(({ version, firstSeen }) => ({ version: version ?? "", at: firstSeen }))
    .filter(({ version }) => version !== "");
}
