/** Every function that was invoked in a range of time, and what of it needs a look. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type JSX, useRef } from "react";

import { functionsQuery } from "../../api/queries.ts";
import { formatCount, formatShare, plural } from "../../base/format.ts";
import { FUNCTION_COLUMNS } from "../../model/export-columns.ts";
import { FUNCTION_ORDERS, type FunctionOrder, type FunctionSummary, inOrder, totals } from "../../model/function.ts";
import { type Range, rangeOf, rangeSearch, rangeText } from "../../model/range.ts";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { SearchField } from "../../widgets/SearchField.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { FunctionTable } from "./FunctionTable.tsx";
import { SendData } from "./SendData.tsx";
import type { FunctionsSearch } from "./url.ts";

const route = getRouteApi("/");

export function FunctionsPage(): JSX.Element {
  useTitle("Functions");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = rangeOf(search);
  const query = useQuery(functionsQuery(range));
  const field = useRef<HTMLInputElement>(null);
  const setRange = (next: Range) => navigate({ search: { ...withoutRange(search), ...rangeSearch(next) } });
  const setName = (name: string) => {
    const { name: _, ...rest } = search;
    navigate({ search: name === "" ? rest : { ...rest, name }, replace: true });
  };
  const setOrder = (order: FunctionOrder) => {
    const { sort: _, ...rest } = search;
    navigate({ search: order === "recent" ? rest : { ...rest, sort: order } });
  };
  return (
    <>
      <header className="page-head">
        <h1>Functions</h1>
        <div className="tools">
          <SearchField ref={field} label="Filter by name" value={search.name ?? ""} onChange={setName} />
          <RangePicker range={range} onChange={setRange} />
          <ShowQuery of={functionsQuery(range)} what="functions" />
          <Export what="functions" columns={FUNCTION_COLUMNS} rows={query.data} />
          <Freshness
            of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
          />
        </div>
      </header>
      {query.data === undefined ? (
        <Waiting error={query.error} what="functions" rows={6} retry={query.refetch} />
      ) : query.data.length === 0 ? (
        <SendData range={range} onRange={setRange} />
      ) : (
        <Found functions={query.data} range={range} search={search} onOrder={setOrder} />
      )}
    </>
  );
}

function withoutRange({ range: _range, from: _from, to: _to, ...rest }: FunctionsSearch): FunctionsSearch {
  return rest;
}

interface FoundProps {
  readonly functions: readonly FunctionSummary[];
  readonly range: Range;
  readonly search: FunctionsSearch;
  readonly onOrder: (order: FunctionOrder) => void;
}

function Found({ functions, range, search, onOrder }: FoundProps): JSX.Element {
  const name = search.name ?? "";
  const found = functions.filter(one => one.name.toLowerCase().includes(name.toLowerCase()));
  if (found.length === 0) {
    return (
      <Notice title="No function has that name">
        <p>
          {plural(functions.length, "function")} in {rangeText(range)}; none has “{name}” in its name.
        </p>
      </Notice>
    );
  }
  const { invocations, errors, coldStarts } = totals(found);
  return (
    <>
      <p className="lead">
        {plural(found.length, "function")}, {plural(invocations, "invocation")} in {rangeText(range)}:{" "}
        {errors === 0 ? (
          "none failed"
        ) : (
          <strong className="bad">
            {formatCount(errors)} failed ({formatShare(errors, invocations)})
          </strong>
        )}
        {coldStarts > 0 && (
          <>
            , <span className="cold">{formatCount(coldStarts)} waited for a cold start</span>
          </>
        )}
        .
      </p>
      <FunctionTable
        functions={inOrder(found, search.sort ?? "recent")}
        range={range}
        order={search.sort ?? "recent"}
        onOrder={by => onOrder(FUNCTION_ORDERS.find(one => one === by) ?? "recent")}
      />
    </>
  );
}
