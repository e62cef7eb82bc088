/** What was sent, and what was answered, attempt by attempt. */

import type { JSX } from "react";

import { formatDuration } from "../../base/format.ts";
import { type Attempt, type DeliveryDetail, prettyBody } from "../../model/channel.ts";
import { Copy } from "../../widgets/Copy.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { StateMark } from "./marks.tsx";

export function DeliveryReport({ of: { delivery, body, attempts } }: { readonly of: DeliveryDetail }): JSX.Element {
  return (
    <div className="report">
      <p className="report-state">
        <StateMark state={delivery.state} />
        {delivery.nextAttempt !== null && (
          <span className="faint">
            tried again at <Moment at={delivery.nextAttempt} form="minute" />
          </span>
        )}
      </p>
      {attempts.length === 0 && <p className="alert-nothing">It was not tried yet.</p>}
      <ol className="attempts">
        {attempts.map(attempt => (
          <AttemptItem key={attempt.number} of={attempt} />
        ))}
      </ol>
      <h3>
        What is sent
        {body !== null && <Copy text={body} what="body" />}
      </h3>
      {body === null ? (
        <p className="faint">It was dropped, a week after it was delivered.</p>
      ) : (
        <pre className="report-body" tabIndex={0}>
          <code>{prettyBody(body)}</code>
        </pre>
      )}
    </div>
  );
}

function AttemptItem({ of }: { readonly of: Attempt }): JSX.Element {
  const isGood = of.status !== null && of.status >= 200 && of.status < 300;
  const headers = Object.entries(of.headers);
  return (
    <li className="delivery-attempt">
      <p>
        <strong className={isGood ? undefined : "bad"}>{of.status ?? of.error ?? "no answer"}</strong>
        <span className="faint">
          attempt {of.number}, <Moment at={of.at} form="clock" />, took {formatDuration(of.took)}
        </span>
      </p>
      {of.status !== null && of.error !== null && <p className="bad">{of.error}</p>}
      {of.answer !== "" && (
        <pre className="report-body" tabIndex={0}>
          <code>{prettyBody(of.answer)}</code>
        </pre>
      )}
      {headers.length > 0 && (
        <details>
          <summary>Headers that were sent</summary>
          <pre className="report-body" tabIndex={0}>
            <code>{headers.map(([name, value]) => `${name}: ${value}`).join("\n")}</code>
          </pre>
        </details>
      )}
    </li>
  );
}
