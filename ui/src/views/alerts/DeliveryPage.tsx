/** One message: each attempt, and the way to send it again. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { deliveryQuery, useReplay } from "../../api/alerts.ts";
import { unbroken } from "../../base/format.ts";
import type { DeliveryDetail } from "../../model/channel.ts";
import { Id } from "../../widgets/Copy.tsx";
import { Confirm } from "../../widgets/fields.tsx";
import { Waiting } from "../../widgets/Notice.tsx";
import { Refused } from "../../widgets/Refused.tsx";
import { useTitle } from "../../widgets/title.ts";
import { PartHead } from "./AlertsHead.tsx";
import { DeliveryReport } from "./DeliveryReport.tsx";

const route = getRouteApi("/alerts/deliveries/$delivery");

export function DeliveryPage(): JSX.Element {
  const { delivery: id } = route.useParams();
  const query = useQuery(deliveryQuery(id));
  const replay = useReplay(id);
  useTitle(`Delivery ${id}`);
  const isWaiting = query.data?.delivery.state === "waiting";
  return (
    <>
      <PartHead title={query.data === undefined ? id : `To ${query.data.delivery.channelName}`} of="/alerts/deliveries">
        {query.data !== undefined && !isWaiting && (
          <Confirm does="Send it again" isBusy={replay.isPending} onDo={() => replay.mutate(undefined)} />
        )}
      </PartHead>
      <Refused error={replay.error} what="sent again" />
      {query.data === undefined ? (
        <Waiting error={query.error} what="delivery" rows={5} retry={query.refetch} />
      ) : (
        <Known of={query.data} />
      )}
    </>
  );
}

function Known({ of }: { readonly of: DeliveryDetail }): JSX.Element {
  const { id, summary, channel, channelName } = of.delivery;
  return (
    <>
      <p className="alert-summary">{unbroken(summary)}</p>
      <p className="lead">
        Channel{" "}
        <Link to="/alerts/channels/$channel" params={{ channel }}>
          {channelName}
        </Link>
        , message <Id text={id} what="id" />: the same at every attempt, so that the receiver can tell it was there.
      </p>
      <div className="panel channel-test">
        <DeliveryReport of={of} />
      </div>
    </>
  );
}
