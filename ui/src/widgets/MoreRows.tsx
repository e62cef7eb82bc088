import type { JSX } from "react";

import { formatCount } from "../base/format.ts";
import { useKeys } from "./keys.ts";

interface MoreRowsProps {
  readonly shown: number;
  readonly total: number;
  readonly what: string;
  readonly loading: boolean;
  /** Absent where everything is shown. */
  readonly more: (() => void) | null;
}

/** Where a list ends: how much of it is shown, and the way to the rest. */
export function MoreRows({ shown, total, what, loading, more }: MoreRowsProps): JSX.Element {
  useKeys("List", more === null ? [] : [{ keys: ["m"], does: "show more rows", run: more }]);
  return (
    <p className="more">
      <span>
        {formatCount(shown)} of {formatCount(total)} {what}
      </span>
      {more !== null && (
        <button type="button" className="button" onClick={more} disabled={loading}>
          {loading ? "Loading" : "Show more"} <kbd>m</kbd>
        </button>
      )}
    </p>
  );
}
