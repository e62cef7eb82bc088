/** Invocations of one function, or of all. */

import { getRouteApi, Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { useListing } from "../../api/listing.ts";
import { invocationsQuery } from "../../api/queries.ts";
import { type Order, OUTCOMES } from "../../model/invocation.ts";
import { type Range, rangeOf, rangeSearch, rangeText } from "../../model/range.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { ListBody } from "../../widgets/ListBody.tsx";
import { Notice } from "../../widgets/Notice.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { useTitle } from "../../widgets/title.ts";
import { FunctionFigures } from "./FunctionFigures.tsx";
import { InvocationTable } from "./InvocationTable.tsx";
import { OutcomeFilter } from "./OutcomeFilter.tsx";
import { type ColdFilter, type InvocationsSearch, parseOutcomes } from "./url.ts";

const functionRoute = getRouteApi("/functions/$function");
const allRoute = getRouteApi("/invocations");

export function FunctionPage(): JSX.Element {
  const { function: name } = functionRoute.useParams();
  const search = functionRoute.useSearch();
  const navigate = functionRoute.useNavigate();
  const goUp = () => navigate({ to: "/", search: rangeSearch(rangeOf(search)) });
  useKeys("Page", [{ keys: ["u"], does: "up to the functions", run: goUp }]);
  useTitle(name);
  return <Invocations name={name} search={search} onSearch={next => navigate({ search: next })} />;
}

export function InvocationsPage(): JSX.Element {
  const search = allRoute.useSearch();
  const navigate = allRoute.useNavigate();
  useTitle("Invocations");
  return <Invocations name={null} search={search} onSearch={next => navigate({ search: next })} />;
}

interface InvocationsProps {
  /** The function's; null for all functions. */
  readonly name: string | null;
  readonly search: InvocationsSearch;
  readonly onSearch: (search: InvocationsSearch) => void;
}

function Invocations({ name, search, onSearch }: InvocationsProps): JSX.Element {
  const range = rangeOf(search);
  const outcomes = parseOutcomes(search.outcome);
  const sort: Order = search.sort ?? "newest";
  const cold = search.start === undefined ? null : search.start === "cold";
  const listing = useListing(invocationsQuery(range, { function: name, outcomes, cold, sort }));
  const { outcome: _outcome, start: _start, sort: _sort, ...rangeOnly } = search;
  const filtered = outcomes.length > 0 || cold !== null;
  return (
    <>
      <header className="page-head">
        <div>
          {name !== null && (
            <nav className="crumbs" aria-label="Where this is">
              <Link to="/" search={rangeSearch(range)}>
                Functions
              </Link>
            </nav>
          )}
          <h1>{name ?? "Invocations"}</h1>
        </div>
        <div className="tools">
          <RangePicker range={range} onChange={next => onSearch({ ...withoutRange(search), ...rangeSearch(next) })} />
          <Freshness of={listing} />
        </div>
      </header>
      {name !== null && <FunctionFigures name={name} range={range} />}
      <div className="filters">
        <OutcomeFilter
          chosen={outcomes}
          onChange={next => {
            const { outcome: _, ...rest } = search;
            const some = next.length > 0 && next.length < OUTCOMES.length;
            onSearch(some ? { ...rest, outcome: next.join(",") } : rest);
          }}
        />
        <Choice
          label="Kind of start"
          value={search.start ?? "all"}
          options={[
            { value: "all", label: "any start" },
            { value: "cold", label: "cold", title: "Those that waited for a start" },
            { value: "warm", label: "warm", title: "Those that waited for none" },
          ]}
          onChange={(start: ColdFilter | "all") => {
            const { start: _, ...rest } = search;
            onSearch(start === "all" ? rest : { ...rest, start });
          }}
        />
        <Choice
          label="Order"
          value={sort}
          options={[
            { value: "newest", label: "newest" },
            { value: "slowest", label: "slowest" },
          ]}
          onChange={(order: Order) => {
            const { sort: _, ...rest } = search;
            onSearch(order === "newest" ? rest : { ...rest, sort: order });
          }}
        />
      </div>
      <ListBody
        listing={listing}
        what="invocations"
        empty={<NoInvocations name={name} range={range} clear={filtered ? () => onSearch(rangeOnly) : null} />}
      >
        {invocations => <InvocationTable invocations={invocations} named={name === null} />}
      </ListBody>
    </>
  );
}

function withoutRange({ range: _range, from: _from, to: _to, ...rest }: InvocationsSearch): InvocationsSearch {
  return rest;
}

interface NoInvocationsProps {
  readonly name: string | null;
  readonly range: Range;
  /** Takes the filters away; null where there are none. */
  readonly clear: (() => void) | null;
}

function NoInvocations({ name, range, clear }: NoInvocationsProps): JSX.Element {
  const whose = name === null ? "" : ` of ${name}`;
  const filters = clear === null ? "" : " with these filters";
  return (
    <Notice title={`No invocation${whose} in ${rangeText(range)}${filters}`}>
      {clear === null ? (
        <p>Choose a longer range of time above.</p>
      ) : (
        <p>
          <button type="button" className="button" onClick={clear}>
            Take the filters away
          </button>
        </p>
      )}
    </Notice>
  );
}
