/** Where nothing is asked yet: queries that fit what runs there, and what was asked before. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { functionsQuery } from "../../api/queries.ts";
import { rangeOf } from "../../model/range.ts";
import { examplesFor } from "../../model/search-examples.ts";
import { KeptLists } from "./Shelf.tsx";
import { type SearchSearch, withoutLengths } from "./url.ts";

/** As many as are seen at once. */
const RECENT = 6;

export function Start({ search }: { readonly search: SearchSearch }): JSX.Element {
  return (
    <div className="search-start">
      <section className="panel" aria-labelledby="start-examples">
        <h2 id="start-examples">To begin with</h2>
        <Examples search={search} />
      </section>
      <div className="panel start-kept">
        <KeptLists search={search} most={RECENT} />
      </div>
    </div>
  );
}

export function Examples({ search }: { readonly search: SearchSearch }): JSX.Element {
  const { data, isPending } = useQuery(functionsQuery(rangeOf(search)));
  if (isPending) return <div className="examples-waiting" role="status" aria-label="Loading examples" />;
  return (
    <ul className="query-examples">
      {examplesFor(data ?? []).map(({ title, query, view }) => (
        <li key={title}>
          <Link to="/search" search={{ ...bare(search), q: query, ...(view !== "list" && { view }) }}>
            <strong>{title}</strong>
            <code>{query}</code>
          </Link>
        </li>
      ))}
    </ul>
  );
}

/** The range alone. */
function bare(search: SearchSearch): SearchSearch {
  const { q: _q, view: _view, of: _of, colour: _colour, ...rest } = withoutLengths(search);
  return rest;
}
