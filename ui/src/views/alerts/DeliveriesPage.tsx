/** Messages, sent and to be sent, the newest first. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { channelsQuery, deliveriesQuery } from "../../api/alerts.ts";
import { useWholeListing } from "../../api/listing.ts";
import { unbroken } from "../../base/format.ts";
import { DELIVERY_STATES, type Delivery, type DeliveryState, lastText } from "../../model/channel.ts";
import { DELIVERY_COLUMNS } from "../../model/export-columns.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { ListBody } from "../../widgets/ListBody.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { Notice } from "../../widgets/Notice.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";
import { useTitle } from "../../widgets/title.ts";
import { AlertsHead } from "./AlertsHead.tsx";
import { StateMark } from "./marks.tsx";

const route = getRouteApi("/alerts/deliveries");

const OPTIONS = [{ value: "" as const, label: "all" }, ...DELIVERY_STATES.map(value => ({ value, label: value }))];

export function DeliveriesPage(): JSX.Element {
  useTitle("Deliveries");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const { state = null, channel = null } = search;
  const listing = useWholeListing(deliveriesQuery({ state, channel }));
  const setState = (next: DeliveryState | "") => {
    const { state: _, ...rest } = search;
    navigate({ search: next === "" ? rest : { ...rest, state: next } });
  };
  return (
    <>
      <AlertsHead>
        <Choice label="State" value={state ?? ""} options={OPTIONS} onChange={setState} />
        <ShowQuery of={deliveriesQuery({ state, channel })} what="deliveries" />
        <Export
          what="deliveries"
          columns={DELIVERY_COLUMNS}
          rows={listing.items}
          of={deliveriesQuery({ state, channel })}
        />
        <Freshness of={listing} />
      </AlertsHead>
      {channel !== null && <OfChannel id={channel} />}
      <ListBody
        listing={listing}
        what="deliveries"
        empty={
          <Notice title={state === null ? "Nothing was sent yet" : `No message is ${state}`}>
            <p>
              Each message to a <Link to="/alerts/channels">channel</Link> stands here, with what was sent and what was
              answered. What was delivered is kept for a while.
            </p>
          </Notice>
        }
      >
        {items => <Table label="Deliveries" columns={COLUMNS} rows={items} keyOf={one => one.id} />}
      </ListBody>
    </>
  );
}

function OfChannel({ id }: { readonly id: string }): JSX.Element {
  const query = useQuery(channelsQuery());
  const name = query.data?.find(one => one.id === id)?.name ?? id;
  return (
    <p className="lead">
      Of the channel{" "}
      <Link to="/alerts/channels/$channel" params={{ channel: id }}>
        {name}
      </Link>{" "}
      only.{" "}
      <Link to="/alerts/deliveries" search={{}}>
        Show all
      </Link>
    </p>
  );
}

const COLUMNS: readonly Column<Delivery>[] = [
  { id: "state", title: "State", cell: one => <StateMark state={one.state} /> },
  {
    id: "summary",
    title: "Message",
    narrow: "head",
    cell: one => (
      <Link data-row className="sentence" to="/alerts/deliveries/$delivery" params={{ delivery: one.id }}>
        {unbroken(one.summary)}
      </Link>
    ),
  },
  { id: "channel", title: "Channel", cell: one => one.channelName },
  {
    id: "attempts",
    title: "Attempts",
    align: "end",
    cell: one => (one.attempts === 0 ? <span className="none">–</span> : one.attempts),
  },
  {
    id: "last",
    title: "The last",
    cell: one => (
      <span className={one.state === "failed" || one.lastError !== null ? "bad clip" : "clip"} title={lastText(one)}>
        {lastText(one)}
      </span>
    ),
  },
  {
    id: "created",
    title: "When",
    align: "end",
    narrow: "tail",
    cell: one => <Moment at={one.created} form="ago" />,
  },
];
