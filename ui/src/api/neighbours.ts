/** What ran on the same sandbox before and after an invocation. */

import { queryOptions, skipToken } from "@tanstack/react-query";

import { after, HOUR, MINUTE } from "../base/time.ts";
import type { Invocation } from "../model/invocation.ts";
import { type Neighbours, neighboursOf } from "../model/invocation-life.ts";
import { getFunctionSandboxes } from "./client.ts";

/** A sandbox may lie for long; of busy functions so many run in that time that not all of them are told. */
const AROUND = [HOUR, 5n * MINUTE];
const STALE_MS = 60_000;

/** Null where they are not told. */
export function neighboursQuery(invocation: Invocation) {
  const { requestId, function: name, start, duration } = invocation;
  const read = async ({ signal }: { readonly signal: AbortSignal }): Promise<Neighbours | null> => {
    for (const around of AROUND) {
      const asked = { from: after(start, -around), to: after(start, (duration ?? 0n) + around) };
      const found = neighboursOf(await getFunctionSandboxes(name, asked, signal), requestId);
      if (found !== null) return found;
    }
    return null;
  };
  return queryOptions({
    queryKey: ["neighbours", requestId],
    queryFn: invocation.sandboxId === "" ? skipToken : read,
    staleTime: STALE_MS,
  });
}
