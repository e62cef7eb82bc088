/** Traces, also those that belong to no invocation. */

import { getRouteApi } from "@tanstack/react-router";
import type { JSX } from "react";

import { useListing } from "../../api/listing.ts";
import { tracesQuery } from "../../api/queries.ts";
import { TRACE_COLUMNS } from "../../model/export-columns.ts";
import { type Range, rangeOf, rangeSearch, rangeText } from "../../model/range.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { ListBody } from "../../widgets/ListBody.tsx";
import { NameField } from "../../widgets/NameField.tsx";
import { Notice } from "../../widgets/Notice.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { TraceTable } from "./TraceTable.tsx";
import type { TraceOrder, TracesSearch } from "./url.ts";

const route = getRouteApi("/traces");

export function TracesPage(): JSX.Element {
  useTitle("Traces");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = rangeOf(search);
  const sort: TraceOrder = search.sort ?? "newest";
  const service = search.service ?? "";
  const listing = useListing(tracesQuery(range, { service, sort }));
  const setService = (name: string) => {
    const { service: _, ...rest } = search;
    navigate({ search: name === "" ? rest : { ...rest, service: name }, replace: true, resetScroll: false });
  };
  return (
    <>
      <header className="page-head">
        <h1>Traces</h1>
        <div className="tools">
          <NameField label="Filter by service" value={service} onChange={setService} />
          <Choice
            label="Order"
            value={sort}
            options={[
              { value: "newest", label: "newest" },
              { value: "slowest", label: "slowest" },
            ]}
            onChange={(order: TraceOrder) => {
              const { sort: _, ...rest } = search;
              navigate({ search: order === "newest" ? rest : { ...rest, sort: order } });
            }}
          />
          <RangePicker
            range={range}
            onChange={next => navigate({ search: { ...withoutRange(search), ...rangeSearch(next) } })}
          />
          <ShowQuery of={tracesQuery(range, { service, sort })} what="traces" />
          <Export
            what="traces"
            columns={TRACE_COLUMNS}
            rows={listing.items}
            of={tracesQuery(range, { service, sort })}
          />
          <Freshness of={listing} />
        </div>
      </header>
      <ListBody listing={listing} what="traces" empty={<NoTraces range={range} service={service} />}>
        {traces => <TraceTable traces={traces} />}
      </ListBody>
    </>
  );
}

function withoutRange({ range: _range, from: _from, to: _to, ...rest }: TracesSearch): TracesSearch {
  return rest;
}

function NoTraces({ range, service }: { readonly range: Range; readonly service: string }): JSX.Element {
  const whose = service === "" ? "" : ` of ${service}`;
  const advice =
    service === "" ? "Choose a longer range of time above." : "The service's name has to be given in full.";
  return (
    <Notice title={`No trace${whose} in ${rangeText(range)}`}>
      <p>{advice}</p>
    </Notice>
  );
}
