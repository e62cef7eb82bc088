import type { JSX } from "react";

import type { Delta } from "../../model/overview.ts";

/** Full arrows where it got better or worse, thin ones where that may be chance or says neither. */
const ARROWS = {
  bad: { up: "▲", down: "▼", same: "" },
  good: { up: "▲", down: "▼", same: "" },
  plain: { up: "↑", down: "↓", same: "" },
} as const;

interface DeltaMarkProps {
  /** Null where there is nothing to say. */
  readonly of: Delta | null;
  /** What the figure before was of: `the hour before`. */
  readonly than: string;
}

export function DeltaMark({ of, than }: DeltaMarkProps): JSX.Element | null {
  if (of === null) return null;
  const { direction, tone, text, before } = of;
  const arrow = ARROWS[tone][direction];
  return (
    <span className={`delta delta-${tone}`} title={`${before} in ${than}`}>
      {arrow !== "" && <span aria-hidden="true">{arrow} </span>}
      {direction !== "same" && text.startsWith("from") && <span className="hidden">{direction} </span>}
      {text}
      {tone !== "plain" && <span className="hidden">, {tone === "bad" ? "worse" : "better"}</span>}
    </span>
  );
}
