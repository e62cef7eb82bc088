/** Every function that was invoked in a range of time, what fires, what changed, and what of it needs a look. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, Navigate } from "@tanstack/react-router";
import { type JSX, useRef } from "react";

import { type Overview, overviewQuery } from "../../api/overview.ts";
import { serviceSettingsQuery } from "../../api/settings.ts";
import { plural } from "../../base/format.ts";
import { now } from "../../base/time.ts";
import { FUNCTION_COLUMNS } from "../../model/export-columns.ts";
import { inOrder, type OverviewOrder } from "../../model/overview.ts";
import { beforeText, type Range, rangeOf, rangeSearch, rangeText } from "../../model/range.ts";
import { rangeOfLast } from "../../model/start.ts";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { Notice, Skeleton, Waiting } from "../../widgets/Notice.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { SearchField } from "../../widgets/SearchField.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { ChangesPanel } from "./ChangesPanel.tsx";
import { Firing } from "./Firing.tsx";
import { OverviewTable } from "./OverviewTable.tsx";
import { Totals } from "./Totals.tsx";
import type { OverviewSearch } from "./url.ts";

const route = getRouteApi("/");
const ROWS = 8;

export function OverviewPage(): JSX.Element {
  const query = useOverview(rangeOf(route.useSearch()));
  const isEmpty = query.data?.functions.length === 0;
  const settings = useQuery({ ...serviceSettingsQuery(), enabled: isEmpty });
  // Before the very first span there is nothing to choose a range of.
  if (isEmpty && settings.data?.received === null) {
    return <Navigate to="/start" replace />;
  }
  return <Functions query={query} />;
}

function Functions({ query }: { readonly query: ReturnType<typeof useOverview> }): JSX.Element {
  useTitle("Overview");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = rangeOf(search);
  const field = useRef<HTMLInputElement>(null);
  const isCompared = search.compare !== "off";
  const setRange = (next: Range) => navigate({ search: { ...withoutRange(search), ...rangeSearch(next) } });
  const setName = (name: string) => {
    const { name: _, ...rest } = search;
    navigate({ search: name === "" ? rest : { ...rest, name }, replace: true });
  };
  const setCompared = () => {
    const { compare: _, ...rest } = search;
    navigate({ search: isCompared ? { ...rest, compare: "off" } : rest, resetScroll: false });
  };
  useKeys("List", [{ keys: ["c"], does: "compare with the time before", run: setCompared }]);
  return (
    <>
      <header className="page-head">
        <h1>Overview</h1>
        <div className="tools">
          <SearchField ref={field} label="Filter by name" value={search.name ?? ""} onChange={setName} />
          <button
            type="button"
            className="button toggle"
            aria-pressed={isCompared}
            title={`Show how figures stand to those of ${beforeText(range)} (c)`}
            onClick={setCompared}
          >
            Compare
          </button>
          <RangePicker range={range} onChange={setRange} />
          <ShowQuery of={overviewQuery(range)} what="functions" />
          <Export what="functions" columns={FUNCTION_COLUMNS} rows={query.data?.functions} />
          <Freshness
            of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
          />
        </div>
      </header>
      <Firing />
      {query.data === undefined ? (
        <Waiting error={query.error} what="functions" rows={ROWS} retry={query.refetch} />
      ) : query.data.functions.length === 0 ? (
        <Nothing range={range} onRange={setRange} />
      ) : (
        <Found of={query.data} isStale={query.isPlaceholderData} range={range} search={search} />
      )}
    </>
  );
}

const useOverview = (range: Range) => useQuery(overviewQuery(range));

function withoutRange({ range: _range, from: _from, to: _to, ...rest }: OverviewSearch): OverviewSearch {
  return rest;
}

interface NothingProps {
  readonly range: Range;
  readonly onRange: (range: Range) => void;
}

/** Something was received at some time, or that can't be told. */
function Nothing({ range, onRange }: NothingProps): JSX.Element {
  const { data, isPending } = useQuery(serviceSettingsQuery());
  if (isPending) return <Skeleton rows={3} what="when something came last" />;
  const last = data?.received?.last;
  return (
    <Notice title={`No function was invoked in ${rangeText(range)}`}>
      {last !== undefined && (
        <>
          <p>
            The last that was received came <Moment at={last} form="ago" />.
          </p>
          <p>
            <button type="button" className="button" onClick={() => onRange(rangeOfLast(last, now()))}>
              Look at that time
            </button>
          </p>
        </>
      )}
      <p>
        To see another function here, <Link to="/start">attach it</Link>.
      </p>
    </Notice>
  );
}

interface FoundProps {
  readonly of: Overview;
  readonly isStale: boolean;
  readonly range: Range;
  readonly search: OverviewSearch;
}

function Found({ of, isStale, range, search }: FoundProps): JSX.Element {
  const navigate = route.useNavigate();
  const name = search.name ?? "";
  const found = of.functions.filter(one => one.name.toLowerCase().includes(name.toLowerCase()));
  const than = search.compare === "off" ? null : beforeText(range);
  const setOrder = (order: OverviewOrder) => {
    const { sort: _, ...rest } = search;
    navigate({ search: order === "attention" ? rest : { ...rest, sort: order }, resetScroll: false });
  };
  const setTold = (told: "day" | "range") => {
    const { changes: _, ...rest } = search;
    navigate({ search: told === "day" ? rest : { ...rest, changes: told }, resetScroll: false });
  };
  if (found.length === 0) {
    return (
      <Notice title="No function has that name">
        <p>
          {plural(of.functions.length, "function")} in {rangeText(range)}; none has “{name}” in its name.
        </p>
      </Notice>
    );
  }
  return (
    <div className={isStale ? "stale" : undefined}>
      <Totals functions={found} than={than} />
      <ChangesPanel range={range} told={search.changes ?? "day"} onTold={setTold} name={name} />
      <OverviewTable
        functions={inOrder(found, search.sort ?? "attention")}
        of={of}
        range={range}
        order={search.sort ?? "attention"}
        onOrder={setOrder}
        than={than}
      />
      <p className="overview-foot">
        {(search.sort ?? "attention") === "attention" && than !== null
          ? "Functions that got worse come first, then the busiest. "
          : ""}
        Not all of your functions are here? <Link to="/start">Attach a function</Link>
      </p>
    </div>
  );
}
