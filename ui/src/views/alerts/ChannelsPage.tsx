/** Where alerts are delivered to. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";

import { channelsQuery } from "../../api/alerts.ts";
import { CHANNEL_KINDS, type Channel } from "../../model/channel.ts";
import { CHANNEL_COLUMNS } from "../../model/export-columns.ts";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";
import { useTitle } from "../../widgets/title.ts";
import { AlertsHead } from "./AlertsHead.tsx";

export function ChannelsPage(): JSX.Element {
  useTitle("Channels");
  const navigate = useNavigate();
  const query = useQuery(channelsQuery());
  useKeys("Channels", [{ keys: ["n"], does: "new channel", run: () => navigate({ to: "/alerts/channels/new" }) }]);
  return (
    <>
      <AlertsHead>
        <Link className="button" to="/alerts/channels/new">
          New channel <kbd>n</kbd>
        </Link>
        <ShowQuery of={channelsQuery()} what="channels" />
        <Export what="channels" columns={CHANNEL_COLUMNS} rows={query.data} />
        <Freshness
          of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
        />
      </AlertsHead>
      {query.data === undefined ? (
        <Waiting error={query.error} what="channels" rows={4} retry={query.refetch} />
      ) : query.data.length === 0 ? (
        <Notice title="Nobody is told">
          <p>
            Alerts fire, and are seen here alone until there is a channel.{" "}
            <Link to="/alerts/channels/new">Make one</Link>: a webhook, Slack, PagerDuty or an Alertmanager.
          </p>
        </Notice>
      ) : (
        <Table label="Channels" columns={COLUMNS} rows={query.data} keyOf={one => one.id} />
      )}
    </>
  );
}

const COLUMNS: readonly Column<Channel>[] = [
  {
    id: "channel",
    title: "Channel",
    narrow: "head",
    cell: one => (
      <div className="sentence">
        <Link data-row to="/alerts/channels/$channel" params={{ channel: one.id }}>
          {one.name}
        </Link>
        <span className="sub">{one.url}</span>
        {one.disabled !== null && <p className="bad channel-disabled">{one.disabled}</p>}
      </div>
    ),
  },
  { id: "kind", title: "Kind", cell: one => CHANNEL_KINDS[one.kind].name },
  {
    id: "default",
    title: "Used by",
    cell: one => (one.isDefault ? "rules that name none" : <span className="quiet">rules that name it</span>),
  },
  {
    id: "state",
    title: "State",
    cell: one => (one.disabled === null ? "used" : <span className="tag tag-bad">disabled</span>),
  },
  {
    id: "waiting",
    title: "Waiting",
    hint: "Messages that wait to be delivered",
    align: "end",
    cell: one => (one.waiting === 0 ? <span className="none">–</span> : one.waiting),
  },
];
