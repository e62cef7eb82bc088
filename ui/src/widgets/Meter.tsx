import type { JSX } from "react";

/** Close to its limit, something needs a look. */
const NEARLY = 0.9;

/** How much of a limit is used; the figure stands beside it. */
export function Meter({ part }: { readonly part: number }): JSX.Element {
  const width = Math.min(1, Math.max(0, part)) * 40;
  return (
    <svg className="meter" width={40} height={4} viewBox="0 0 40 4" aria-hidden="true">
      <rect className="meter-base" width={40} height={4} rx={1} />
      <rect className={part >= NEARLY ? "meter-bad" : "meter-used"} width={width} height={4} rx={1} />
    </svg>
  );
}
