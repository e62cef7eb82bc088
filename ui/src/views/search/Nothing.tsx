/** A search that found nothing: so far, or at all. */

import { Link } from "@tanstack/react-router";
import { type JSX, useEffect, useState } from "react";

import type { FoundTraces, TraceSearch } from "../../api/trace-search.ts";
import { plural } from "../../base/format.ts";
import { between, now } from "../../base/time.ts";
import { bounds, LENGTHS, rangeOf, rangeText } from "../../model/range.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { Notice } from "../../widgets/Notice.tsx";
import { Progress } from "./HowFar.tsx";
import { Examples } from "./Start.tsx";
import { lengthsOf, type SearchSearch, withoutLengths, withoutRange } from "./url.ts";

/** Ranges to look in where a shorter one has nothing. */
const LONGER = ["24h", "7d"] as const;

interface NothingProps {
  readonly found: FoundTraces;
  readonly traces: TraceSearch;
  readonly search: SearchSearch;
}

/** Nothing so far: the search goes on by itself until something is found, the range ends, or somebody stops it. */
export function Nothing({ found, traces, search }: NothingProps): JSX.Element {
  const { more, reading, error } = traces;
  const [isStopped, stop] = useState(false);
  const goesOn = more !== null && !isStopped && error === null;
  useEffect(() => {
    if (goesOn && !reading) more();
  }, [goesOn, reading, more]);
  if (more !== null) {
    return (
      <Notice title={goesOn ? "Nothing so far" : "Nothing was found so far"}>
        <p>
          {plural(found.lookedAt, "trace")} that began since <Moment at={found.searchedFrom} form="clock" /> were looked
          at, and none matches. {goesOn && "The search goes on."}
        </p>
        <div className="how-far">
          <Progress found={found} />
          <button type="button" className="button" onClick={goesOn ? () => stop(true) : more}>
            {goesOn ? "Stop here" : "Search further back"}
          </button>
          {error !== null && <span className="bad">{error.message}</span>}
        </div>
      </Notice>
    );
  }
  const { lookedAt } = found;
  return (
    <Notice title={`No trace matches in ${rangeText(rangeOf(search))}`}>
      <p>
        {lookedAt === 0
          ? "None has what the query asks for: a name or a value may be spelled otherwise. What there is is proposed while you type."
          : `${plural(lookedAt, "trace")} had some of what the query asks for, and ${lookedAt === 1 ? "does not match" : "none matches"} as a whole.`}
      </p>
      <WaysOn search={search} />
      <h3>Or begin with one of these</h3>
      <Examples search={search} />
    </Notice>
  );
}

/** Less narrow, and longer. */
function WaysOn({ search }: { readonly search: SearchSearch }): JSX.Element {
  const range = rangeOf(search);
  const { least, most } = lengthsOf(search);
  const { from, to } = bounds(range, now());
  const longer = LONGER.filter(name => LENGTHS[name].length > between(from, to));
  return (
    <ul className="ways-on">
      {(least !== null || most !== null) && (
        <li>
          <Link to="/search" search={withoutLengths(search)}>
            See all lengths
          </Link>
        </li>
      )}
      {longer.map(name => (
        <li key={name}>
          <Link to="/search" search={{ ...withoutRange(search), range: name }}>
            Search the last {LENGTHS[name].label}
          </Link>
        </li>
      ))}
    </ul>
  );
}
