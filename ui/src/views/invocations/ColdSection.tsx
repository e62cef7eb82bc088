/** How the function starts: which kinds of start there were, when, and of which phases they are made. */

import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import type { ColdStartsInRange } from "../../api/cold-starts.ts";
import { plural } from "../../base/format.ts";
import { coldTotals } from "../../model/cold-starts.ts";
import type { FunctionDetail } from "../../model/function-detail.ts";
import { rangeOf, rangeSearch } from "../../model/range.ts";
import { ColdOverTime, ColdPhases } from "../../widgets/ColdStarts.tsx";
import { Waiting } from "../../widgets/Notice.tsx";
import { FunctionStarts } from "./FunctionParts.tsx";
import type { FunctionSearch } from "./url.ts";

interface ColdSectionProps {
  readonly name: string;
  readonly shown: FunctionSearch;
  readonly detail: FunctionDetail | undefined;
  readonly query: UseQueryResult<ColdStartsInRange>;
}

export function ColdSection({ name, shown, detail, query }: ColdSectionProps): JSX.Element {
  const range = rangeSearch(rangeOf(shown));
  const { data } = query;
  return (
    <section
      className={query.isPlaceholderData ? "panel section stale" : "panel section"}
      id="starts"
      tabIndex={-1}
      aria-labelledby="starts-title"
      aria-busy={query.isFetching}
    >
      <header>
        <h2 id="starts-title">How it starts</h2>
        <p className="section-ways">
          <Link to="/cold-starts" search={{ ...range, function: name }}>
            its cold starts by version and memory
          </Link>
        </p>
      </header>
      {data === undefined ? (
        <Waiting error={query.error} what="starts" rows={5} retry={query.refetch} />
      ) : coldTotals(data.of).coldStarts === 0 ? (
        <p className="section-note-line">
          {plural(coldTotals(data.of).invocations, "invocation")}, and none waited for a start.
        </p>
      ) : (
        <div className="starts">
          <ColdOverTime of={data} />
          <div>
            <ColdPhases phases={data.of.phases} />
            {detail !== undefined && <FunctionStarts detail={detail} />}
          </div>
        </div>
      )}
    </section>
  );
}
