/** One function, section by section: what it costs that it need not cost, how it went over time, what it is made of, its invocations. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { activeAlertsQuery } from "../../api/active-alerts.ts";
import { coldStartsQuery } from "../../api/cold-starts.ts";
import { failuresQuery } from "../../api/failures.ts";
import { mapQuery } from "../../api/map.ts";
import {
  comparisonQuery,
  type FunctionInRange,
  functionErrorsQuery,
  functionFindingsQuery,
  functionPathQuery,
  functionQuery,
  isNotFound,
  pathsQuery,
  sandboxesQuery,
} from "../../api/queries.ts";
import { formatCount } from "../../base/format.ts";
import { type Box, comparable, newestVersion, type Selection, type WhyName } from "../../model/comparison.ts";
import { type Range, rangeOf, rangeSearch } from "../../model/range.ts";
import { Freshness } from "../../widgets/Freshness.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Failure } from "../../widgets/Notice.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { Calls } from "./Calls.tsx";
import { ColdSection } from "./ColdSection.tsx";
import { alertsOf, FunctionAlerts } from "./FunctionAlerts.tsx";
import { FunctionErrors } from "./FunctionErrors.tsx";
import { FunctionFigures } from "./FunctionFigures.tsx";
import { FunctionFindings } from "./FunctionFindings.tsx";
import { Versions } from "./FunctionParts.tsx";
import { InvocationList, useInvocations } from "./InvocationList.tsx";
import { MemoryAndCost } from "./MemoryAndCost.tsx";
import { OverTime } from "./OverTime.tsx";
import { Sandboxes } from "./Sandboxes.tsx";
import { SectionNav, type SectionNote } from "./SectionNav.tsx";
import type { SectionId } from "./sections.ts";
import { TimeSpent } from "./TimeSpent.tsx";
import {
  boxCompared,
  boxListed,
  comparedBox,
  type FunctionSearch,
  listedBox,
  withoutBox,
  withoutRange,
  withoutWhy,
} from "./url.ts";
import { Why } from "./Why.tsx";
import "./function-page.css";

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
  const starts = useQuery(coldStartsQuery(name, range));
  const map = useQuery(mapQuery(range));
  const alerts = useQuery(activeAlertsQuery());
  const failures = useQuery(failuresQuery(name, range, search.chart === "heatmap"));
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
  const onCompare = (box: Box) => onSearch({ ...withoutWhy(search), ...comparedBox(box) });
  const onList = (box: Box) =>
    navigate({ search: { ...withoutBox(search), ...listedBox(box) }, hash: "invocations", resetScroll: false });
  const onSandboxes = (isOpen: boolean) => {
    const { sandboxes: _, ...rest } = search;
    onSearch(isOpen ? { ...rest, sandboxes: "open" } : rest);
  };
  const read = () => {
    found.refetch();
    findings.refetch();
    spent.refetch();
    errors.refetch();
    starts.refetch();
    map.refetch();
    alerts.refetch();
    if (search.chart === "heatmap") failures.refetch();
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
  const firing = alerts.data === undefined ? [] : alertsOf(name, alerts.data);
  const notes: Partial<Record<SectionId, SectionNote>> = {
    ...noteOf("costs", findings.data?.findings.length),
    ...noteOf("errors", errors.data?.total, true),
    ...noteOf("alerts", firing.length, true),
    ...noteOf("versions", found.data?.detail.versions.length),
  };
  const marked = [boxCompared(search), boxListed(search)].filter(box => box !== null);
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
          <SectionNav notes={notes} />
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
                  onList={onList}
                  marked={marked}
                  failures={failures.data}
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
            </div>
          </div>
          <TimeSpent name={name} shown={search} query={spent} />
          <ColdSection name={name} shown={search} detail={found.data?.detail} query={starts} />
          <FunctionErrors name={name} shown={search} query={errors} />
          <FunctionAlerts name={name} query={alerts} />
          <Calls name={name} range={range} query={map} />
          {failed === null && (
            <>
              <Versions detail={found.data?.detail} stale={found.isPlaceholderData} name={name} shown={search} />
              <MemoryAndCost of={found.data} stale={found.isPlaceholderData} />
            </>
          )}
          {found.data !== undefined && (
            <Sandboxes
              isOpen={areSandboxesOpen}
              query={sandboxes}
              behind={<ShowQuery of={sandboxesQuery(name, range, true)} what="sandboxes" />}
              onOpen={onSandboxes}
            />
          )}
          <h2 className="list-title" id="invocations" tabIndex={-1}>
            Invocations
          </h2>
        </>
      )}
      <InvocationList
        name={name}
        listing={{ ...listing, read }}
        search={search}
        onSearch={onSearch}
        versions={versionsOf(found.data)}
      />
    </>
  );
}

/** What the address asks; null where it asks nothing, or which version is the newest is not known yet. */
function selectionOf(search: FunctionSearch, newest: string | null): Selection | null {
  const { why } = search;
  if (why === undefined) return null;
  if (why === "version") {
    const version = search.compared ?? newest;
    return version === null ? null : { kind: why, version };
  }
  if (why !== "stretch") return { kind: why };
  const box = boxCompared(search);
  return box === null ? null : { kind: why, ...box };
}

/** Nothing is said of nothing. */
function noteOf(id: SectionId, count: number | undefined, isBad = false): Partial<Record<SectionId, SectionNote>> {
  return count === undefined || count === 0 ? {} : { [id]: { text: formatCount(count), isBad } };
}

function versionsOf(found: FunctionInRange | undefined): string[] {
  return (found?.detail.versions ?? []).map(({ version }) => version ?? "").filter(version => version !== "");
}
