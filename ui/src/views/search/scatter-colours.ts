/** Colours of the groups of points: the largest have their own, the rest share one. */

import { COLOURS, coloursOf } from "../../model/colours.ts";
import type { PointGroup } from "../../model/scatter.ts";

/** The colour of all that have none of their own. */
export const OTHERS = COLOURS;

export const GROUP_TOKENS = {
  0: "--service-0",
  1: "--service-1",
  2: "--service-2",
  3: "--service-3",
  4: "--service-4",
  5: "--service-5",
  6: "--service-6",
  7: "--service-7",
  8: "--service-8",
  9: "--service-9",
  [OTHERS]: "--faint",
} as const;

/** @param groups the largest first. */
export function groupColours(groups: readonly PointGroup[]): Map<string, number> {
  return coloursOf(groups.slice(0, COLOURS).map(group => group.name));
}

export const groupToken = (colours: ReadonlyMap<string, number>, group: string): string =>
  Object.values(GROUP_TOKENS)[colours.get(group) ?? OTHERS] ?? "--faint";
