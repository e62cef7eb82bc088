/** Which functions wait for cold starts: how often, how long, of which kinds, and what that costs. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { functionQuery, functionsQuery, toldFindingsQuery } from "../../api/queries.ts";
import { formatCount, formatPart, formatShare, plural } from "../../base/format.ts";
import { COLD_ORDERS, type ColdOrder, coldFunctions } from "../../model/cold-starts.ts";
import { type FunctionSummary, totals } from "../../model/function.ts";
import { type Range, rangeOf, rangeSearch, rangeText } from "../../model/range.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { useTitle } from "../../widgets/title.ts";
import { ColdTable } from "./ColdTable.tsx";
import type { ColdStartsSearch } from "./url.ts";
import "./cold-starts.css";
import { FUNCTION_COLUMNS } from "../../model/export-columns.ts";
import { Export } from "../../widgets/Export.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";

const route = getRouteApi("/cold-starts");

/** Of so many functions the kinds of start and the times are asked for: each is a question of its own. */
const DETAILED = 12;

const ORDER_TEXT: Readonly<Record<ColdOrder, string>> = {
  share: "most often",
  count: "most",
  init: "longest init",
};

export function ColdStartsPage(): JSX.Element {
  useTitle("Cold starts");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = rangeOf(search);
  const order: ColdOrder = search.sort ?? "share";
  const query = useQuery(functionsQuery(range));
  const setOrder = (next: ColdOrder) => {
    const { sort: _, ...rest } = search;
    navigate({ search: next === "share" ? rest : { ...rest, sort: next } });
  };
  const onRange = (next: Range) => navigate({ search: { ...withoutRange(search), ...rangeSearch(next) } });
  const cold = coldFunctions(query.data ?? [], order);
  return (
    <>
      <header className="page-head">
        <h1>Cold starts</h1>
        <div className="tools">
          <Choice
            label="Order"
            value={order}
            options={COLD_ORDERS.map(one => ({ value: one, label: ORDER_TEXT[one] }))}
            onChange={setOrder}
          />
          <RangePicker range={range} onChange={onRange} />
          <ShowQuery of={functionsQuery(range)} what="cold starts" />
          <Export what="functions with cold starts" columns={FUNCTION_COLUMNS} rows={cold} />
          <Freshness
            of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
          />
        </div>
      </header>
      {query.data === undefined ? (
        <Waiting error={query.error} what="cold starts" rows={6} retry={query.refetch} />
      ) : cold.length === 0 ? (
        <Notice title={`Nothing waited for a cold start in ${rangeText(range)}`}>
          <p>
            {query.data.length === 0
              ? "No function was invoked."
              : `${plural(totals(query.data).invocations, "invocation")} found a sandbox that was ready.`}
          </p>
        </Notice>
      ) : (
        <Found all={query.data} cold={cold} range={range} />
      )}
    </>
  );
}

function withoutRange({ range: _range, from: _from, to: _to, ...rest }: ColdStartsSearch): ColdStartsSearch {
  return rest;
}

interface FoundProps {
  readonly all: readonly FunctionSummary[];
  readonly cold: readonly FunctionSummary[];
  readonly range: Range;
}

function Found({ all, cold, range }: FoundProps): JSX.Element {
  const { invocations, coldStarts } = totals(all);
  const detailed = cold.slice(0, DETAILED);
  const details = useQueries({ queries: detailed.map(one => functionQuery(one.name, range)) });
  const told = useQuery(toldFindingsQuery());
  const byName = new Map(detailed.map((one, at) => [one.name, details[at]?.data?.detail]));
  return (
    <>
      <p className="lead">
        <strong className="cold">
          {formatCount(coldStarts)} of {plural(invocations, "invocation")} waited for a cold start
        </strong>{" "}
        ({formatShare(coldStarts, invocations)}) in {rangeText(range)}, those of {formatCount(cold.length)} of{" "}
        {plural(all.length, "function")}.
      </p>
      <ColdTable
        functions={cold}
        details={byName}
        findings={told.data?.filter(one => one.isThere && isOfStarts(one.kind)) ?? []}
        range={range}
      />
      {cold.length > DETAILED && (
        <p className="more">
          Kinds of start and times are shown of the first {formatCount(DETAILED)}; each function's page has its own.
        </p>
      )}
      <Share of={cold} all={coldStarts} range={range} />
    </>
  );
}

const isOfStarts = (kind: string): boolean => kind === "cold_starts" || kind === "init_phase";

interface ShareProps {
  readonly of: readonly FunctionSummary[];
  readonly all: number;
  readonly range: Range;
}

/** Where most of them come from, and the way to them. */
function Share({ of, all, range }: ShareProps): JSX.Element | null {
  const most = of.toSorted((left, right) => right.coldStarts - left.coldStarts)[0];
  if (most === undefined || of.length < 2) return null;
  return (
    <p className="lead cold-share">
      {formatPart(most.coldStarts / Math.max(1, all))} of them are of {most.name}.{" "}
      <Link to="/invocations" search={{ ...rangeSearch(range), start: "cold" }}>
        All invocations that waited
      </Link>
    </p>
  );
}
