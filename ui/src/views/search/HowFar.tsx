/** How far back a search came, and the way on. */

import type { JSX } from "react";

import type { FoundTraces, TraceSearch } from "../../api/trace-search.ts";
import { formatShare } from "../../base/format.ts";
import { between } from "../../base/time.ts";
import { useKeys } from "../../widgets/keys.ts";
import { Moment } from "../../widgets/Moment.tsx";

/** Where the answer ends, and the way on. */
export function HowFar({ found, traces }: { readonly found: FoundTraces; readonly traces: TraceSearch }): JSX.Element {
  const { more, readingMore, error } = traces;
  useKeys("List", more === null ? [] : [{ keys: ["m"], does: "search further back", run: more }]);
  return (
    <div className="how-far">
      {/* Of the API's warnings one says in its own words what stands here anyway. */}
      {found.warnings
        .filter(text => !text.includes("searched_from"))
        .map(text => (
          <p key={text} className="warning">
            {sentence(text)}
          </p>
        ))}
      {more === null ? (
        <p>The whole range was searched.</p>
      ) : (
        <>
          <Progress found={found} />
          <p>
            {found.isSpent
              ? "The search used up its time: what began before "
              : "These are the latest: what began before "}
            <Moment at={found.searchedFrom} form="clock" /> was not looked at yet.
          </p>
          <button type="button" className="button" onClick={more} disabled={readingMore}>
            {readingMore ? "Searching" : "Search further back"} <kbd>m</kbd>
          </button>
          {error !== null && <span className="bad">{error.message}</span>}
        </>
      )}
    </div>
  );
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** How much of the range was searched. */
export function Progress({ found }: { readonly found: FoundTraces }): JSX.Element {
  const whole = Number(between(found.from, found.to));
  const done = Math.min(whole, Math.max(0, Number(between(found.searchedFrom, found.to))));
  const text = `${formatShare(done, whole)} of the range was searched`;
  return <progress max={whole} value={done} aria-label="How much of the range was searched" title={text} />;
}
