/** Traces by a query: the line, what it found in one of three ways, and where to begin. */

import { getRouteApi } from "@tanstack/react-router";
import { type JSX, useEffect, useRef } from "react";

import { ApiError } from "../../api/request.ts";
import { searchQuery, useTraceSearch } from "../../api/trace-search.ts";
import { MATCH_COLUMNS } from "../../model/export-columns.ts";
import { withAsked } from "../../model/kept-queries.ts";
import { type Range, rangeOf, rangeSearch } from "../../model/range.ts";
import { withLengths } from "../../model/trace-search.ts";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { changeKept } from "./kept.ts";
import { QueryLine } from "./QueryLine.tsx";
import { Results } from "./Results.tsx";
import { Shelf } from "./Shelf.tsx";
import { Examples, Start } from "./Start.tsx";
import { lengthsOf, type SearchSearch, withoutLengths, withoutRange } from "./url.ts";

const route = getRouteApi("/search");

export function SearchPage(): JSX.Element {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = rangeOf(search);
  const query = search.q ?? null;
  useTitle(query === null ? "Search" : `Search ${query}`);
  const field = useRef<HTMLInputElement>(null);
  const asked = query === null ? null : withLengths(query, lengthsOf(search));
  const traces = useTraceSearch(asked, range);
  const error = traces.error;
  const mistake = error instanceof ApiError && error.at !== null ? error : null;
  useEffect(() => {
    // By finger it would bring up the keys of the screen, over the examples.
    if (query === null && matchMedia("(pointer: fine)").matches) field.current?.focus();
  }, [query]);
  const isAnswered = traces.found !== undefined && !traces.isOld && error === null;
  useEffect(() => {
    if (query !== null && isAnswered) changeKept(kept => withAsked(kept, query, Date.now()));
  }, [query, isAnswered]);

  const change = (next: SearchSearch) => navigate({ search: next, resetScroll: false });
  const run = (text: string) => {
    if (text === query) return traces.read();
    const { q: _, ...rest } = withoutLengths(search);
    change(text === "" ? rest : { ...rest, q: text });
  };
  const setRange = (next: Range) => change({ ...withoutRange(search), ...rangeSearch(next) });
  return (
    <>
      <header className="page-head">
        <h1>Search</h1>
        <div className="tools">
          <RangePicker range={range} onChange={setRange} />
          {asked !== null && <ShowQuery of={searchQuery(asked, range)} what="search" />}
          {asked !== null && (
            <Export what="traces" columns={MATCH_COLUMNS} rows={traces.found?.matches} of={searchQuery(asked, range)} />
          )}
          {query !== null && <Freshness of={traces} />}
        </div>
      </header>
      <div className="query-bar">
        <QueryLine
          field={field}
          query={query ?? ""}
          mistake={mistake}
          range={range}
          isSearching={traces.reading}
          onRun={run}
        />
        <Shelf search={search} />
      </div>
      {asked === null ? (
        <Start search={search} />
      ) : mistake !== null ? (
        <section className="panel start-examples" aria-labelledby="mistaken-examples">
          <h2 id="mistaken-examples">Queries that are understood</h2>
          <Examples search={search} />
        </section>
      ) : (
        <Results traces={traces} search={search} asked={asked} onChange={change} />
      )}
    </>
  );
}
