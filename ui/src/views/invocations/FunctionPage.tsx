/** One function: what it costs that it need not cost, how it went over time, and its invocations. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { JSX } from "react";

import {
  comparisonQuery,
  functionErrorsQuery,
  functionFindingsQuery,
  functionPathQuery,
  functionQuery,
  isNotFound,
  pathsQuery,
  sandboxesQuery,
} from "../../api/queries.ts";
import { now, time } from "../../base/time.ts";
import { comparable, newestVersion, type Selection, type WhyName } from "../../model/comparison.ts";
import { bounds, type Range, rangeOf, rangeSearch } from "../../model/range.ts";
import { Freshness } from "../../widgets/Freshness.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Failure } from "../../widgets/Notice.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { FunctionErrors } from "./FunctionErrors.tsx";
import { FunctionFigures } from "./FunctionFigures.tsx";
import { FunctionFindings } from "./FunctionFindings.tsx";
import { FunctionParts, FunctionStarts } from "./FunctionParts.tsx";
import { InvocationList, useInvocations } from "./InvocationList.tsx";
import { OverTime } from "./OverTime.tsx";
import { Sandboxes } from "./Sandboxes.tsx";
import { TimeSpent } from "./TimeSpent.tsx";
import { type FunctionSearch, withoutRange, withoutWhy } from "./url.ts";
import { Why } from "./Why.tsx";

const route = getRouteApi("/functions/$function");

export function FunctionPage(): JSX.Element {
  const { function: name } = route.useParams();
  // Another function is another page: what was read of this one is not shown until that has come.
  return <OneFunction key={name} name={name} />;
}

function OneFunction({ name }: { readonly name: string }): JSX.Element {
  useTitle(name);
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = rangeOf(search);
  const found = useQuery(functionQuery(name, range));
  const findings = useQuery(functionFindingsQuery(name, range));
  const spent = useQuery(functionPathQuery(name, range));
  const errors = useQuery(functionErrorsQuery(name, range));
  const newest = found.data === undefined ? null : newestVersion(found.data.detail);
  const selection = selectionOf(search, newest);
  const comparison = useQuery(comparisonQuery(name, range, selection));
  const paths = useQuery(pathsQuery(name, range, selection));
  const areSandboxesOpen = search.sandboxes === "open";
  const sandboxes = useQuery(sandboxesQuery(name, range, areSandboxesOpen));
  const listing = useInvocations(name, search);
  const goUp = () => navigate({ to: "/", search: rangeSearch(range) });
  useKeys("Page", [{ keys: ["u"], does: "up to the overview", run: goUp }]);

  const onSearch = (next: FunctionSearch) => navigate({ search: next, resetScroll: false });
  const onRange = (next: Range) => onSearch({ ...withoutRange(search), ...rangeSearch(next) });
  const onChart = (chart: "percentiles" | "heatmap") => {
    const { chart: _, ...rest } = search;
    onSearch(chart === "heatmap" ? { ...rest, chart } : rest);
  };
  const onAsk = (why: Exclude<WhyName, "stretch"> | null) =>
    onSearch({ ...withoutWhy(search), ...(why !== null && { why }) });
  const onCompare = (stretch: Range) => {
    const { from, to } = bounds(stretch, now());
    onSearch({ ...withoutWhy(search), why: "stretch", since: String(from), until: String(to) });
  };
  const onSandboxes = (isOpen: boolean) => {
    const { sandboxes: _, ...rest } = search;
    onSearch(isOpen ? { ...rest, sandboxes: "open" } : rest);
  };
  const read = () => {
    found.refetch();
    findings.refetch();
    spent.refetch();
    errors.refetch();
    if (selection !== null) {
      comparison.refetch();
      paths.refetch();
    }
    if (areSandboxesOpen) sandboxes.refetch();
    listing.read();
  };
  // Where nothing can be read, or nothing is there, the list says so for all.
  const down = listing.items === undefined && listing.error !== null;
  const missing = found.error !== null && isNotFound(found.error);
  const failed = found.data === undefined ? found.error : null;
  return (
    <>
      <header className="page-head">
        <div>
          <nav className="crumbs" aria-label="Where this is">
            <Link to="/" search={rangeSearch(range)}>
              Overview
            </Link>
          </nav>
          <h1>{name}</h1>
        </div>
        <div className="tools">
          <RangePicker range={range} onChange={onRange} />
          <ShowQuery of={functionQuery(name, range)} what="figures of the function" />
          <Freshness
            of={{
              readAt: listing.readAt,
              reading: listing.reading || findings.isFetching,
              error: listing.error ?? (missing ? null : (found.error ?? findings.error)),
              read,
            }}
          />
        </div>
      </header>
      {!down && !missing && (
        <>
          {failed === null && <FunctionFigures of={found.data} stale={found.isPlaceholderData} />}
          <div className="function-answers">
            <FunctionFindings name={name} shown={search} query={findings} />
            <div className="function-side">
              {failed === null ? (
                <OverTime
                  of={found.data}
                  stale={found.isPlaceholderData}
                  chart={search.chart ?? "percentiles"}
                  onChart={onChart}
                  onRange={onRange}
                  onCompare={onCompare}
                  stretch={selection?.kind === "stretch" ? selection : null}
                />
              ) : (
                <Failure error={failed} what="figures" retry={found.refetch} />
              )}
              {found.data !== undefined && (
                <Why
                  reasons={comparable(found.data.detail)}
                  asked={search.why}
                  selection={selection}
                  newest={newest}
                  query={comparison}
                  paths={paths}
                  behind={
                    <ShowQuery
                      of={[comparisonQuery(name, range, selection), pathsQuery(name, range, selection)]}
                      what="comparison"
                      isInCorner
                    />
                  }
                  onAsk={onAsk}
                />
              )}
              {found.data !== undefined && (
                <FunctionStarts detail={found.data.detail} stale={found.isPlaceholderData} />
              )}
            </div>
          </div>
          <TimeSpent name={name} shown={search} query={spent} />
          <FunctionErrors name={name} shown={search} query={errors} />
          {found.data !== undefined && (
            <Sandboxes
              isOpen={areSandboxesOpen}
              query={sandboxes}
              behind={<ShowQuery of={sandboxesQuery(name, range, true)} what="sandboxes" />}
              onOpen={onSandboxes}
            />
          )}
          {found.data !== undefined && <FunctionParts detail={found.data.detail} stale={found.isPlaceholderData} />}
          <h2 className="list-title" id="invocations">
            Invocations
          </h2>
        </>
      )}
      <InvocationList name={name} listing={{ ...listing, read }} search={search} onSearch={onSearch} />
    </>
  );
}

/** What the address asks; null where it asks nothing, or which version is the newest is not known yet. */
function selectionOf({ why, since, until }: FunctionSearch, newest: string | null): Selection | null {
  if (why === undefined) return null;
  if (why === "version") return newest === null ? null : { kind: why, version: newest };
  if (why !== "stretch") return { kind: why };
  return { kind: why, since: time(BigInt(since ?? "0")), until: time(BigInt(until ?? "0")) };
}
