/** A list of invocations, and what narrows it down. */

import type { JSX } from "react";

import { type Listing, type PagedQuery, useListing } from "../../api/listing.ts";
import { invocationsQuery } from "../../api/queries.ts";
import { INVOCATION_COLUMNS } from "../../model/export-columns.ts";
import { type Invocation, ORDER_TEXT, ORDERS, type Order, OUTCOMES } from "../../model/invocation.ts";
import { type Range, rangeText } from "../../model/range.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Export } from "../../widgets/Export.tsx";
import { ListBody } from "../../widgets/ListBody.tsx";
import { Notice } from "../../widgets/Notice.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { InvocationTable } from "./InvocationTable.tsx";
import { MoreFilters } from "./MoreFilters.tsx";
import { OutcomeFilter } from "./OutcomeFilter.tsx";
import { type ColdFilter, type InvocationsSearch, parseOutcomes, rangeListed, withoutFilters } from "./url.ts";

export function useInvocations(name: string | null, search: InvocationsSearch): Listing<Invocation> {
  return useListing(askedFor(name, search));
}

function askedFor(name: string | null, search: InvocationsSearch): PagedQuery<Invocation> {
  const { outcomes, cold, sort } = filtersOf(search);
  const { version = "", error: errorType = "", min = "", max = "" } = search;
  const filters = { function: name, outcomes, cold, version, errorType, min, max, sort };
  return invocationsQuery(rangeListed(search), filters);
}

function filtersOf(search: InvocationsSearch) {
  const outcomes = parseOutcomes(search.outcome);
  const cold = search.start === undefined ? null : search.start === "cold";
  const sort: Order = search.sort ?? "newest";
  return { outcomes, cold, sort };
}

const ORDER_LABELS: Readonly<Record<Order, string>> = {
  newest: "newest first",
  slowest: "slowest first",
  errors: "failed first",
  cost: "dearest first",
};

interface InvocationListProps<Search extends InvocationsSearch> {
  /** The function's; null for all functions. */
  readonly name: string | null;
  readonly listing: Listing<Invocation>;
  readonly search: Search;
  readonly onSearch: (search: Search) => void;
  /** Versions that may be meant. */
  readonly versions?: readonly string[];
}

export function InvocationList<Search extends InvocationsSearch>(props: InvocationListProps<Search>): JSX.Element {
  const { name, listing, search, onSearch, versions = [] } = props;
  const { outcomes, sort } = filtersOf(search);
  const unfiltered = withoutFilters(search);
  const asked = askedFor(name, search);
  const filtered = Object.keys(unfiltered).length < Object.keys(search).length;
  const clear = () => onSearch(unfiltered as unknown as Search);
  return (
    <>
      <div className="filters">
        <OutcomeFilter
          chosen={outcomes}
          onChange={next => {
            const { outcome: _, ...rest } = search;
            const some = next.length > 0 && next.length < OUTCOMES.length;
            onSearch({ ...rest, ...(some && { outcome: next.join(",") }) } as Search);
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
            onSearch({ ...rest, ...(start !== "all" && { start }) } as Search);
          }}
        />
        <select
          className="list-order"
          aria-label="Order"
          title={ORDER_TEXT[sort]}
          value={sort}
          onChange={event => {
            const { sort: _, ...rest } = search;
            const order = ORDERS.find(one => one === event.target.value) ?? "newest";
            onSearch({ ...rest, ...(order !== "newest" && { sort: order }) } as Search);
          }}
        >
          {ORDERS.map(order => (
            <option key={order} value={order}>
              {ORDER_LABELS[order]}
            </option>
          ))}
        </select>
        <span className="list-tools">
          <ShowQuery of={asked} what="invocations" />
          <Export what="invocations" columns={INVOCATION_COLUMNS} rows={listing.items} of={asked} />
        </span>
        <MoreFilters search={search} versions={versions} onSearch={next => onSearch(next as Search)} />
      </div>
      <ListBody
        listing={listing}
        what="invocations"
        empty={<NoInvocations name={name} range={rangeListed(search)} clear={filtered ? clear : null} />}
      >
        {invocations => <InvocationTable invocations={invocations} named={name === null} priced={sort === "cost"} />}
      </ListBody>
    </>
  );
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
