/** What came first: what attaching a function asks for beside the settings. */

import { queryOptions } from "@tanstack/react-query";

import { after, HOUR, MINUTE, type Time } from "../base/time.ts";
import type { Invocation } from "../model/invocation.ts";
import { get } from "./request.ts";
import { invocationList } from "./schemas.ts";

/** The newest invocation around a moment; null where what came then is none. */
export function newestQuery(at: Time) {
  return queryOptions({
    queryKey: ["start", "newest", String(at)],
    queryFn: async ({ signal }): Promise<Invocation | null> => {
      const around = { from: after(at, -HOUR), to: after(at, MINUTE) };
      const { invocations } = await get("invocations", { ...around, limit: 1 }, invocationList, signal);
      return invocations[0] ?? null;
    },
  });
}
