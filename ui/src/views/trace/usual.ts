/** What is usual of a trace's spans, as far as it is known by now. */

import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";

import { operationsQuery } from "../../api/operations.ts";
import { Operations } from "../../model/operations.ts";
import type { Trace } from "../../model/trace.ts";

export interface Usual {
  /** Null until it is told. */
  readonly operations: Operations | null;
  /** Why it is not told, in a sentence; null while it is asked, and where it is told. */
  readonly missing: string | null;
}

/** Asked after the trace is there: nobody waits for it. */
export function useUsual(trace: Trace): Usual {
  const { data, error } = useQuery(operationsQuery(trace));
  return useMemo(() => {
    if (data === undefined) {
      return { operations: null, missing: error === null ? null : `What is usual can't be told: ${error.message}` };
    }
    const operations = new Operations(data);
    return { operations, missing: operations.isTelling ? null : TOO_FEW };
  }, [data, error]);
}

const TOO_FEW = "Too few like these came in half a day to say what is usual.";
