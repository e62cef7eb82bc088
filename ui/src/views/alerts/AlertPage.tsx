/** One alert: what is wrong, against what, why, and what can be done. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";

import { alertQuery, historyQuery } from "../../api/alerts.ts";
import { useWholeListing } from "../../api/listing.ts";
import { unbroken } from "../../base/format.ts";
import { type AlertDetail, hrefOf, ownLabels, subject } from "../../model/alert.ts";
import { figure, isBad, type Reading } from "../../model/reading.ts";
import { matchersFor, printMatchers } from "../../model/silence.ts";
import { Figure } from "../../widgets/Figure.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { ListBody } from "../../widgets/ListBody.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { Waiting } from "../../widgets/Notice.tsx";
import { SeverityMark } from "../../widgets/SeverityMark.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { PartHead } from "./AlertsHead.tsx";
import { AlertWhy } from "./AlertWhy.tsx";
import { Away } from "./Away.tsx";
import { AlertMarks } from "./marks.tsx";
import { TransitionTable } from "./TransitionTable.tsx";

const route = getRouteApi("/alerts/$alert");

export function AlertPage(): JSX.Element {
  const { alert: id } = route.useParams();
  const query = useQuery(alertQuery(id));
  const found = query.data?.alert;
  const name =
    found === undefined ? id : [found.ruleName, subject(found.labels)].filter(part => part !== null).join(": ");
  useTitle(name);
  return (
    <>
      <PartHead title={name} of="/alerts">
        {query.data !== undefined && <Actions of={query.data} />}
        <ShowQuery of={[alertQuery(id), historyQuery({ alert: id, rule: null })]} what="alert" />
        <Freshness
          of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
        />
      </PartHead>
      {query.data === undefined ? (
        <Waiting error={query.error} what="alert" rows={6} retry={query.refetch} />
      ) : (
        <>
          <Told of={query.data} />
          <History id={id} />
        </>
      )}
    </>
  );
}

function Actions({ of: { alert } }: { readonly of: AlertDetail }): JSX.Element {
  const navigate = useNavigate();
  const match = printMatchers(matchersFor(alert.labels));
  const silence = () => navigate({ to: "/alerts/silences/new", search: { match } });
  const rule = () => navigate({ to: "/alerts/rules/$rule", params: { rule: alert.rule } });
  useKeys("Alert", [
    { keys: ["s"], does: "silence it", run: silence },
    { keys: ["e"], does: "go to its rule", run: rule },
  ]);
  return (
    <>
      <Link className="button" to="/alerts/silences/new" search={{ match }}>
        Silence <kbd>s</kbd>
      </Link>
      <Link className="button" to="/alerts/rules/$rule" params={{ rule: alert.rule }}>
        Rule <kbd>e</kbd>
      </Link>
    </>
  );
}

function Told({ of: { alert, transition } }: { readonly of: AlertDetail }): JSX.Element {
  const reading = alert.reading ?? transition?.reading ?? null;
  const isOver = alert.phase === "resolved";
  return (
    <>
      <p className="alert-summary">{unbroken(alert.summary)}</p>
      <dl className="figures alert-figures">
        <Figure title="Severity" tone="quiet">
          <SeverityMark severity={alert.severity} />
        </Figure>
        <Figure title="State" tone="quiet">
          {alert.phase === "firing" ? "firing" : ""} <AlertMarks alert={alert} />
        </Figure>
        <Figure title={PHASE_TITLES[alert.phase]} tone="quiet">
          <Moment at={alert.since} form="ago" />
        </Figure>
        {reading !== null && <Value of={reading} />}
        {subject(alert.labels) !== null && (
          <Figure title="Function" tone="quiet">
            <Link to="/functions/$function" params={{ function: alert.labels.function ?? "" }}>
              {subject(alert.labels)}
            </Link>
          </Figure>
        )}
        {ownLabels(alert.labels).map(([name, value]) => (
          <Figure key={name} title={name} tone="quiet">
            {value}
          </Figure>
        ))}
        {runbook(transition?.runbook ?? null)}
      </dl>
      {alert.silencedBy.length > 0 && (
        <p className="alert-note">
          Nobody is told: <Link to="/alerts/silences">a silence</Link> that is in force matches it.
        </p>
      )}
      {alert.isInhibited && <p className="alert-note">Nobody is told of it, because a worse alert says it.</p>}
      {transition === null ? (
        <p className="alert-note">
          {alert.phase === "pending"
            ? "It is bad, and does not fire yet: its rule waits to see whether it lasts. Reasons are looked for when it fires."
            : "Why it fired is not kept any more."}
        </p>
      ) : (
        <>
          {isOver && <h2 className="list-title">Why it fired</h2>}
          <AlertWhy of={transition} />
        </>
      )}
    </>
  );
}

const PHASE_TITLES = { pending: "Pending since", firing: "Fires since", resolved: "Resolved" } as const;

function Value({ of: { name, unit, value, bad, threshold } }: { readonly of: Reading }): JSX.Element {
  const isWrong = value !== null && isBad(value, bad, threshold);
  return (
    <Figure
      title={unbroken(name)}
      {...(isWrong && { tone: "bad" as const })}
      note={`${bad} ${figure(threshold, unit)} is bad`}
    >
      {value === null ? "nothing" : figure(value, unit)}
    </Figure>
  );
}

function runbook(text: string | null): ReactNode {
  if (text === null) return null;
  return (
    <Figure title="Runbook" tone="quiet">
      {hrefOf(text) === null ? text : <Away href={text}>{text.replace(/^https?:\/\//, "")}</Away>}
    </Figure>
  );
}

function History({ id }: { readonly id: string }): JSX.Element {
  const listing = useWholeListing(historyQuery({ alert: id, rule: null }));
  return (
    <section aria-labelledby="history-title">
      <h2 className="list-title alert-history-title" id="history-title">
        Its history
      </h2>
      <ListBody listing={listing} what="transitions" empty={<p className="alert-note">It never fired.</p>}>
        {items => <TransitionTable transitions={items} isOfOne />}
      </ListBody>
    </section>
  );
}
