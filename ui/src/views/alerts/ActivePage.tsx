/** What fires and is pending now, the worst first. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type JSX, useRef } from "react";

import { activeAlertsQuery } from "../../api/active-alerts.ts";
import { unbroken } from "../../base/format.ts";
import { type ActiveAlerts, type Alert, activeText, alertsNamed, subject } from "../../model/alert.ts";
import { ALERT_COLUMNS } from "../../model/export-columns.ts";
import { figure } from "../../model/reading.ts";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { SearchField } from "../../widgets/SearchField.tsx";
import { SeverityMark } from "../../widgets/SeverityMark.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";
import { useTitle } from "../../widgets/title.ts";
import { AlertsHead } from "./AlertsHead.tsx";
import { AlertMarks } from "./marks.tsx";

const route = getRouteApi("/alerts");

export function ActivePage(): JSX.Element {
  useTitle("Alerts");
  const { find = "" } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(activeAlertsQuery());
  const field = useRef<HTMLInputElement>(null);
  const setFind = (next: string) => navigate({ search: next === "" ? {} : { find: next }, replace: true });
  return (
    <>
      <AlertsHead>
        <SearchField ref={field} label="Filter alerts" value={find} onChange={setFind} />
        <ShowQuery of={activeAlertsQuery()} what="alerts" />
        <Export what="alerts" columns={ALERT_COLUMNS} rows={query.data?.alerts} />
        <Freshness
          of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
        />
      </AlertsHead>
      {query.data === undefined ? (
        <Waiting error={query.error} what="alerts" rows={5} retry={query.refetch} />
      ) : query.data.alerts.length === 0 ? (
        <Nothing of={query.data} />
      ) : (
        <Found of={query.data} find={find} />
      )}
    </>
  );
}

function Nothing({ of }: { readonly of: ActiveAlerts }): JSX.Element {
  return (
    <Notice title="Nothing fires">
      <p>
        {of.evaluated === null ? (
          "No rule was evaluated yet; that is done once a minute."
        ) : (
          <>
            Rules were evaluated up to <Moment at={of.evaluated} form="minute" />.
          </>
        )}{" "}
        What is watched stands in the <Link to="/alerts/rules">rules</Link>, what fired before in the{" "}
        <Link to="/alerts/history">history</Link>.
      </p>
    </Notice>
  );
}

interface FoundProps {
  readonly of: ActiveAlerts;
  readonly find: string;
}

function Found({ of, find }: FoundProps): JSX.Element {
  const found = alertsNamed(of.alerts, find);
  return (
    <>
      <p className="lead">
        {activeText(of.alerts)}
        {of.evaluated !== null && (
          <>
            , as of <Moment at={of.evaluated} form="minute" />
          </>
        )}
        .
      </p>
      {found.length === 0 ? (
        <Notice title="No alert says that">
          <p>None of them has “{find}” in its sentence, rule or labels.</p>
        </Notice>
      ) : (
        <Table label="Alerts" columns={COLUMNS} rows={found} keyOf={one => one.id} />
      )}
    </>
  );
}

const COLUMNS: readonly Column<Alert>[] = [
  { id: "severity", title: "Severity", cell: one => <SeverityMark severity={one.severity} /> },
  {
    id: "alert",
    title: "Alert",
    narrow: "head",
    cell: one => (
      <Link data-row className="sentence" to="/alerts/$alert" params={{ alert: one.id }}>
        {unbroken(one.summary)}
      </Link>
    ),
  },
  { id: "marks", title: "State", cell: one => <AlertMarks alert={one} /> },
  { id: "function", title: "Function", cell: one => subject(one.labels) ?? <span className="quiet">all</span> },
  {
    id: "value",
    title: "Value",
    hint: "As it was evaluated last",
    align: "end",
    cell: ({ reading }) =>
      reading === null || reading.value === null ? (
        <span className="none">–</span>
      ) : (
        <strong>{figure(reading.value, reading.unit)}</strong>
      ),
  },
  { id: "rule", title: "Rule", narrow: "hide", cell: one => <span className="quiet">{one.ruleName}</span> },
  { id: "since", title: "Since", align: "end", narrow: "tail", cell: one => <Moment at={one.since} form="ago" /> },
];
