/** Where the subtree that is looked at lies: from the whole trace down to it. */

import type { JSX } from "react";

import { type Layout, pathTo } from "../../model/layout.ts";
import { spanTitle } from "../../model/span-text.ts";
import type { Trace } from "../../model/trace.ts";

/** Of a deeper path the middle is left out. */
const MOST = 6;

interface CrumbsProps {
  readonly trace: Trace;
  readonly layout: Layout;
  readonly focus: number;
  readonly onFocus: (index: number | null) => void;
}

export function Crumbs({ trace, layout, focus, onFocus }: CrumbsProps): JSX.Element {
  const path = pathTo(layout, focus);
  const shown = path.length <= MOST ? path : [...path.slice(0, 2), ...path.slice(3 - MOST)];
  const titleOf = (index: number) => {
    const span = trace.spans[index];
    return span === undefined ? "" : spanTitle(span);
  };
  return (
    <nav className="crumbs trace-crumbs" aria-label="The subtree that is looked at">
      <button type="button" className="link" onClick={() => onFocus(null)}>
        Whole trace <kbd aria-hidden="true">B</kbd>
      </button>
      {shown.map((index, at) => (
        <span key={index}>
          <span aria-hidden="true">/ </span>
          {at === 2 && path.length > MOST && <span aria-hidden="true">… / </span>}
          {index === focus ? (
            <strong aria-current="location">{titleOf(index)}</strong>
          ) : (
            <button type="button" className="link" onClick={() => onFocus(index)}>
              {titleOf(index)}
            </button>
          )}
        </span>
      ))}
    </nav>
  );
}
