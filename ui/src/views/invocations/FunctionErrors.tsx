/** The errors of a function, those that are alike as one: which, since when, how many, and whether they are new. */

import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";
import { functionErrorsQuery } from "../../api/queries.ts";
import { formatCount, formatPart, plural } from "../../base/format.ts";
import { type ErrorGroup, type FunctionErrors as Found, messageOf, versionsText } from "../../model/errors.ts";
import { isFailure, OUTCOME_TEXT } from "../../model/invocation.ts";
import { rangeOf, rangeSearch } from "../../model/range.ts";
import { ErrorStateMark } from "../../widgets/ErrorStateMark.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { Waiting } from "../../widgets/Notice.tsx";
import { OutcomeShape } from "../../widgets/OutcomeMark.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { Sparkline } from "../../widgets/Sparkline.tsx";
import { Examples } from "./Examples.tsx";
import type { FunctionSearch } from "./url.ts";

/** The list stays short; the rest is folded. */
const OPEN = 5;

interface FunctionErrorsProps {
  readonly name: string;
  /** What the page shows. */
  readonly shown: FunctionSearch;
  readonly query: UseQueryResult<Found>;
}

export function FunctionErrors({ name, shown, query }: FunctionErrorsProps): JSX.Element {
  const { data } = query;
  return (
    <section
      id="errors"
      tabIndex={-1}
      className={query.isPlaceholderData ? "panel errors-panel stale" : "panel errors-panel"}
      aria-labelledby="errors-title"
      aria-busy={query.isFetching}
    >
      <h2 id="errors-title">
        Errors
        {data !== undefined && data.total > data.errors.length && (
          <span className="note">
            the {formatCount(data.errors.length)} most frequent of {formatCount(data.total)}
          </span>
        )}
      </h2>
      <ShowQuery of={functionErrorsQuery(name, rangeOf(shown))} what="errors of the function" isInCorner />
      {data === undefined ? (
        <Waiting error={query.error} what="errors" rows={2} retry={query.refetch} />
      ) : data.errors.length === 0 ? (
        <p className="section-note-line">Nothing failed in this range.</p>
      ) : (
        <Groups name={name} shown={shown} groups={data.errors} />
      )}
    </section>
  );
}

interface GroupsProps {
  readonly name: string;
  readonly shown: FunctionSearch;
  readonly groups: readonly ErrorGroup[];
}

function Groups({ name, shown, groups }: GroupsProps): JSX.Element {
  const rest = groups.slice(OPEN);
  const list = (some: readonly ErrorGroup[]) => (
    <ol>
      {some.map(group => (
        <Group key={group.group} name={name} shown={shown} group={group} />
      ))}
    </ol>
  );
  return (
    <>
      {list(groups.slice(0, OPEN))}
      {rest.length > 0 && (
        <details>
          <summary>{plural(rest.length, "rarer one")}</summary>
          {list(rest)}
        </details>
      )}
    </>
  );
}

interface GroupProps {
  readonly name: string;
  readonly shown: FunctionSearch;
  readonly group: ErrorGroup;
}

function Group({ name, shown, group }: GroupProps): JSX.Element {
  const message = messageOf(group);
  const versions = versionsText(group.versions);
  return (
    <li className="error-group">
      <div className="error-count">
        <strong>{formatCount(group.count)}</strong>
        <span>{formatPart(group.share)}</span>
        <Sparkline series={group.series} />
      </div>
      <div className="error-body">
        <h3>
          <OutcomeShape outcome={group.outcome} />
          {group.type}
          <ErrorStateMark state={group.state} />
        </h3>
        {message !== "" && (
          <p className="error-message" title={group.message}>
            {message}
          </p>
        )}
        <dl className="facts">
          <div>
            <dt>first</dt>
            <dd>
              <Moment at={group.firstSeen} form="ago" />
              {group.firstVersion !== "" && ` in version ${group.firstVersion}`}
            </dd>
          </div>
          <div>
            <dt>last</dt>
            <dd>
              <Moment at={group.lastSeen} form="ago" />
            </dd>
          </div>
          {versions !== "" && (
            <div>
              <dt>{group.versions.length > 1 ? "versions" : "version"}</dt>
              <dd>{versions}</dd>
            </div>
          )}
          {group.coldShare > 0 && (
            <div>
              <dt>after a cold start</dt>
              <dd>{formatPart(group.coldShare)}</dd>
            </div>
          )}
        </dl>
        <div className="finding-links">
          <Examples ids={group.examples} />
          {isFailure(group.outcome) && (
            <Link
              to="/functions/$function"
              params={{ function: name }}
              search={{ ...rangeSearch(rangeOf(shown)), outcome: group.outcome }}
              hash="invocations"
            >
              all that ended in {OUTCOME_TEXT[group.outcome]}
            </Link>
          )}
        </div>
      </div>
    </li>
  );
}
