/** Whether something came: the line that is looked at while a function is invoked for the first time. */

import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type JSX, useState } from "react";

import { newestQuery } from "../../../api/start.ts";
import { after, HOUR, MINUTE, now, type Time } from "../../../base/time.ts";
import { type Range, rangeSearch } from "../../../model/range.ts";
import type { Received } from "../../../model/settings.ts";
import { arrivalOf, rangeOfLast } from "../../../model/start.ts";
import { Icon } from "../../../widgets/Icon.tsx";
import { Moment } from "../../../widgets/Moment.tsx";

export function Arrived({ received }: { readonly received: Received | null }): JSX.Element {
  const [before] = useState(received);
  const arrival = arrivalOf(before, received);
  return (
    <p className={`start-arrived start-${arrival.kind}`} role="status">
      {arrival.kind === "came" ? (
        <>
          <Icon name="check" />
          <span>
            <strong>{arrival.isFirst ? "First span received" : "A span was received"}</strong>,{" "}
            <Moment at={arrival.at} form="ago" />. <Newest at={arrival.at} />
          </span>
        </>
      ) : (
        <>
          <span className="start-pulse" aria-hidden="true" />
          {arrival.kind === "waiting" ? (
            <strong>Waiting for the first span…</strong>
          ) : (
            <span>
              <strong>Waiting for the next span…</strong> The last one came <Moment at={arrival.last} form="ago" />.{" "}
              <Link to="/" search={rangeSearch(rangeOfLast(arrival.last, now()))}>
                See the functions
              </Link>
            </span>
          )}
        </>
      )}
    </p>
  );
}

/** The way to what came: the invocation where it is one, else the traces. */
function Newest({ at }: { readonly at: Time }): JSX.Element {
  const { data } = useQuery(newestQuery(at));
  const around: Range = { kind: "between", from: after(at, -HOUR), to: after(at, MINUTE) };
  if (data === undefined) return <Link to="/">See the functions</Link>;
  if (data === null) {
    return (
      <Link to="/traces" search={rangeSearch(around)}>
        See the traces
      </Link>
    );
  }
  return (
    <Link to="/invocations/$requestId" params={{ requestId: data.requestId }}>
      See the invocation of {data.function}
    </Link>
  );
}
