/** The range of time that the page in front shows, for who changes it from elsewhere. */

import { useEffect, useRef } from "react";

import type { Range } from "../model/range.ts";

interface PageRange {
  readonly range: Range;
  readonly onChange: (range: Range) => void;
}

let offered: { readonly current: PageRange } | null = null;

/** Null where the page has none. */
export const pageRange = (): PageRange | null => offered?.current ?? null;

export function useOfferedRange(of: PageRange): void {
  const own = useRef(of);
  useEffect(() => {
    own.current = of;
  });
  useEffect(() => {
    offered = own;
    return () => {
      if (offered === own) offered = null;
    };
  }, []);
}
