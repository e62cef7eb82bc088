/** Who waits for cold starts: when, how long, for which phases, what they depend on, and what would end them. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { type ColdStartsInRange, coldStartsQuery } from "../../api/cold-starts.ts";
import { toldFindingsQuery } from "../../api/queries.ts";
import { formatCount, formatShare, plural } from "../../base/format.ts";
import { COLD_BY, type ColdBy, type ColdOrder, coldGroups, coldTotals } from "../../model/cold-starts.ts";
import { type Range, rangeOf, rangeSearch, rangeText } from "../../model/range.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { ColdOverTime, ColdPhases } from "../../widgets/ColdStarts.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { NameField } from "../../widgets/NameField.tsx";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { useTitle } from "../../widgets/title.ts";
import { ColdTable } from "./ColdTable.tsx";
import type { ColdStartsSearch } from "./url.ts";
import { WhatToDo } from "./WhatToDo.tsx";
import "./cold-starts.css";
import { COLD_COLUMNS } from "../../model/export-columns.ts";
import { Export } from "../../widgets/Export.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";

const route = getRouteApi("/cold-starts");

const BY_TEXT: Readonly<Record<ColdBy, string>> = {
  part: "all",
  function: "function",
  runtime: "runtime",
  architecture: "architecture",
  memory: "memory",
};

export function ColdStartsPage(): JSX.Element {
  useTitle("Cold starts");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = rangeOf(search);
  const name = search.function ?? null;
  const query = useQuery(coldStartsQuery(name, range));
  const all = useQuery(coldStartsQuery(null, range));
  const onSearch = (next: ColdStartsSearch) => navigate({ search: next, resetScroll: false });
  const onRange = (next: Range) => onSearch({ ...withoutRange(search), ...rangeSearch(next) });
  const onName = (next: string) => {
    const { function: _, ...rest } = search;
    onSearch(next === "" ? rest : { ...rest, function: next });
  };
  return (
    <>
      <header className="page-head">
        <h1>Cold starts</h1>
        <div className="tools">
          <NameField
            label="Of one function"
            value={name ?? ""}
            onChange={onName}
            names={[...new Set(all.data?.of.parts.map(part => part.function))].sort()}
          />
          <RangePicker range={range} onChange={onRange} />
          <ShowQuery of={coldStartsQuery(name, range)} what="cold starts" />
          <Export what="cold starts" columns={COLD_COLUMNS} rows={query.data?.of.parts} />
          <Freshness
            of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
          />
        </div>
      </header>
      {query.data === undefined ? (
        <Waiting error={query.error} what="cold starts" rows={12} retry={query.refetch} />
      ) : coldTotals(query.data.of).coldStarts === 0 ? (
        <Nothing of={query.data} name={name} range={range} />
      ) : (
        <Found of={query.data} search={search} stale={query.isPlaceholderData} onSearch={onSearch} />
      )}
    </>
  );
}

function withoutRange({ range: _range, from: _from, to: _to, ...rest }: ColdStartsSearch): ColdStartsSearch {
  return rest;
}

interface NothingProps {
  readonly of: ColdStartsInRange;
  readonly name: string | null;
  readonly range: Range;
}

function Nothing({ of, name, range }: NothingProps): JSX.Element {
  const { invocations } = coldTotals(of.of);
  const whose = name === null ? "" : ` of ${name}`;
  return (
    <Notice title={`Nothing${whose} waited for a cold start in ${rangeText(range)}`}>
      <p>
        {invocations === 0
          ? name === null
            ? "No function was invoked."
            : "It was not invoked under that name."
          : `${plural(invocations, "invocation")} found a sandbox that was ready.`}
      </p>
    </Notice>
  );
}

interface FoundProps {
  readonly of: ColdStartsInRange;
  readonly search: ColdStartsSearch;
  readonly stale: boolean;
  readonly onSearch: (search: ColdStartsSearch) => void;
}

function Found({ of, search, stale, onSearch }: FoundProps): JSX.Element {
  const range = rangeOf(search);
  const by = search.by ?? "part";
  const order = search.sort ?? "share";
  const told = useQuery(toldFindingsQuery());
  const findings = told.data?.filter(
    one => one.isThere && isOfStarts(one.kind) && (search.function ?? one.function) === one.function,
  );
  const setBy = (next: ColdBy) => {
    const { by: _, ...rest } = search;
    onSearch(next === "part" ? rest : { ...rest, by: next });
  };
  const setOrder = (next: ColdOrder) => {
    const { sort: _, ...rest } = search;
    onSearch(next === "share" ? rest : { ...rest, sort: next });
  };
  return (
    <div className={stale ? "stale" : undefined}>
      <Lead of={of} search={search} range={range} />
      <div className="cold-answers">
        <section className="panel" aria-labelledby="cold-time-title">
          <h2 id="cold-time-title">Over time</h2>
          <ColdOverTime of={of} />
        </section>
        <section className="panel" aria-labelledby="cold-phases-title">
          <h2 id="cold-phases-title">By phase</h2>
          <ColdPhases phases={of.of.phases} />
        </section>
      </div>
      {findings === undefined ? (
        <Waiting error={told.error} what="findings" rows={2} retry={told.refetch} />
      ) : (
        <WhatToDo findings={findings} range={range} />
      )}
      <div className="cold-by">
        <h2>By what they depend on</h2>
        <Choice
          label="Put together by"
          value={by}
          options={COLD_BY.map(value => ({ value, label: BY_TEXT[value] }))}
          onChange={setBy}
        />
      </div>
      <ColdTable groups={coldGroups(of.of.parts, by, order)} by={by} order={order} onOrder={setOrder} range={range} />
    </div>
  );
}

const isOfStarts = (kind: string): boolean => kind === "cold_starts" || kind === "init_phase";

interface LeadProps {
  readonly of: ColdStartsInRange;
  readonly search: ColdStartsSearch;
  readonly range: Range;
}

/** How many, of how many functions, and the way to them. */
function Lead({ of, search, range }: LeadProps): JSX.Element {
  const { invocations, coldStarts, coldFunctions, functions } = coldTotals(of.of);
  const name = search.function;
  const way = { ...rangeSearch(range), start: "cold" as const };
  return (
    <p className="lead">
      <strong className="cold">
        {formatCount(coldStarts)} of {plural(invocations, "invocation")} waited for a cold start
      </strong>{" "}
      ({formatShare(coldStarts, invocations)}) in {rangeText(range)}
      {name === undefined && `, those of ${formatCount(coldFunctions)} of ${plural(functions, "function")}`}.{" "}
      {name === undefined ? (
        <Link to="/invocations" search={way}>
          All that waited
        </Link>
      ) : (
        <Link to="/functions/$function" params={{ function: name }} search={way} hash="invocations">
          All that waited
        </Link>
      )}
    </p>
  );
}
