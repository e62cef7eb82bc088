/** Alerts that began to fire or ended, the newest first. */

import { getRouteApi, Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { historyQuery } from "../../api/alerts.ts";
import { useWholeListing } from "../../api/listing.ts";
import { TRANSITION_COLUMNS } from "../../model/export-columns.ts";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { ListBody } from "../../widgets/ListBody.tsx";
import { Notice } from "../../widgets/Notice.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { AlertsHead } from "./AlertsHead.tsx";
import { TransitionTable } from "./TransitionTable.tsx";

const route = getRouteApi("/alerts/history");

export function HistoryPage(): JSX.Element {
  useTitle("History of alerts");
  const { alert = null, rule = null } = route.useSearch();
  const listing = useWholeListing(historyQuery({ alert, rule }));
  const first = listing.items?.[0];
  return (
    <>
      <AlertsHead>
        <ShowQuery of={historyQuery({ alert, rule })} what="history" />
        <Export
          what="transitions"
          columns={TRANSITION_COLUMNS}
          rows={listing.items}
          of={historyQuery({ alert, rule })}
        />
        <Freshness of={listing} />
      </AlertsHead>
      {(rule !== null || alert !== null) && (
        <p className="lead">
          Of the {rule === null ? "alert" : "rule"} {first?.ruleName ?? rule ?? alert} only.{" "}
          <Link to="/alerts/history" search={{}}>
            Show all
          </Link>
        </p>
      )}
      <ListBody
        listing={listing}
        what="transitions"
        empty={
          <Notice title="Nothing fired so far">
            <p>
              Each time that an alert begins to fire or ends, it stands here. How often a rule would have fired can be
              seen before: its page has a back-test. <Link to="/alerts/rules">To the rules</Link>
            </p>
          </Notice>
        }
      >
        {items => <TransitionTable transitions={items} />}
      </ListBody>
    </>
  );
}
