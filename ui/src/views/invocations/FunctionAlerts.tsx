/** The alerts of the function that fire or are about to, and the way to a rule that watches it. */

import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { unbroken } from "../../base/format.ts";
import type { ActiveAlerts, Alert } from "../../model/alert.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { Waiting } from "../../widgets/Notice.tsx";

interface FunctionAlertsProps {
  readonly name: string;
  readonly query: UseQueryResult<ActiveAlerts>;
}

/** Those that are about this function alone. */
export function alertsOf(name: string, { alerts }: ActiveAlerts): Alert[] {
  return alerts.filter(({ labels, phase }) => labels.function === name && phase !== "resolved");
}

export function FunctionAlerts({ name, query }: FunctionAlertsProps): JSX.Element {
  const alerts = query.data === undefined ? undefined : alertsOf(name, query.data);
  return (
    <section className="panel section" id="alerts" tabIndex={-1} aria-labelledby="alerts-title">
      <header>
        <h2 id="alerts-title">Alerts</h2>
        <p className="section-ways">
          <Link to="/alerts/rules/new" search={{ function: name }}>
            new rule for {name}
          </Link>
        </p>
      </header>
      {alerts === undefined ? (
        <Waiting error={query.error} what="alerts" rows={1} retry={query.refetch} />
      ) : alerts.length === 0 ? (
        <p className="section-note-line">Nothing fires now that is about this function alone.</p>
      ) : (
        <ul className="function-alerts">
          {alerts.map(alert => (
            <AlertLine key={alert.id} alert={alert} />
          ))}
        </ul>
      )}
    </section>
  );
}

function AlertLine({ alert }: { readonly alert: Alert }): JSX.Element {
  const { id, ruleName, severity, phase, since, summary, silencedBy, isInhibited } = alert;
  const isQuiet = silencedBy.length > 0 || isInhibited;
  return (
    <li>
      <p>
        <Link to="/alerts/$alert" params={{ alert: id }}>
          {ruleName}
        </Link>{" "}
        <span className={phase === "firing" && !isQuiet ? "bad" : "faint"}>
          {phase === "firing" ? severity : "pending"} since <Moment at={since} form="minute" />
          {silencedBy.length > 0 ? ", silenced" : isInhibited ? ", held back by a worse one" : ""}
        </span>
      </p>
      <p className="function-alert-text">{unbroken(summary)}</p>
    </li>
  );
}
