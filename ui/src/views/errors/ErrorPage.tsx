/** One group of errors: what it is, since when, how many when, and invocations that show it. */

import { useQueries, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { errorQuery } from "../../api/errors.ts";
import { invocationQuery } from "../../api/queries.ts";
import { formatCount, formatPart } from "../../base/format.ts";
import { type ErrorInRange, stackOf } from "../../model/error-detail.ts";
import { type ErrorGroup, messageOf } from "../../model/errors.ts";
import { isFailure, OUTCOME_TEXT } from "../../model/invocation.ts";
import { type Range, rangeOf, rangeSearch, rangeText } from "../../model/range.ts";
import { Copy } from "../../widgets/Copy.tsx";
import { ErrorStateMark } from "../../widgets/ErrorStateMark.tsx";
import { Figure } from "../../widgets/Figure.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { Waiting } from "../../widgets/Notice.tsx";
import { OutcomeMark } from "../../widgets/OutcomeMark.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { ErrorChart } from "./ErrorChart.tsx";
import { ExampleTable } from "./ExampleTable.tsx";
import { VersionTable } from "./VersionTable.tsx";

const route = getRouteApi("/errors/$group");

export function ErrorPage(): JSX.Element {
  const { group } = route.useParams();
  // Another group is another page: what was read of this one is not shown until that has come.
  return <OneError key={group} id={group} />;
}

function OneError({ id }: { readonly id: string }): JSX.Element {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = rangeOf(search);
  const query = useQuery(errorQuery(id, range));
  const name = query.data?.group.type ?? id;
  useTitle(name);
  const goUp = () => navigate({ to: "/errors", search: rangeSearch(range) });
  useKeys("Page", [{ keys: ["u"], does: "up to the errors", run: goUp }]);
  return (
    <>
      <header className="page-head">
        <div>
          <nav className="crumbs" aria-label="Where this is">
            <Link to="/errors" search={rangeSearch(range)}>
              Errors
            </Link>
            {query.data !== undefined && (
              <>
                <span aria-hidden="true">/</span>
                <Link
                  to="/functions/$function"
                  params={{ function: query.data.group.function }}
                  search={rangeSearch(range)}
                >
                  {query.data.group.function}
                </Link>
              </>
            )}
          </nav>
          <h1 className="error-title">
            {name}
            {query.data !== undefined && <ErrorStateMark state={query.data.group.state} />}
          </h1>
        </div>
        <div className="tools">
          <RangePicker range={range} onChange={next => navigate({ search: rangeSearch(next) })} />
          <ShowQuery of={errorQuery(id, range)} what="this error" />
          <Freshness
            of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
          />
        </div>
      </header>
      {query.data === undefined ? (
        <Waiting error={query.error} what={`error in ${rangeText(range)}`} rows={6} retry={query.refetch} />
      ) : (
        <div className={query.isPlaceholderData ? "stale" : ""}>
          <Told of={query.data} range={range} />
        </div>
      )}
    </>
  );
}

function Told({ of, range }: { readonly of: ErrorInRange; readonly range: Range }): JSX.Element {
  const { group } = of;
  const examples = useQueries({ queries: group.examples.map(invocationQuery) });
  const found = examples.flatMap(({ data }) => data ?? []);
  const stack = found.map(detail => stackOf(group, detail)).find(text => text !== null);
  return (
    <>
      <Message of={group} />
      <Figures of={group} />
      <Ways of={group} range={range} />
      <section className="panel error-section" aria-labelledby="error-when">
        <h2 id="error-when">When they came</h2>
        <ErrorChart of={of} />
      </section>
      <section className="error-section" aria-labelledby="error-examples">
        <h2 id="error-examples">Examples</h2>
        <ExampleTable ids={group.examples} found={examples} />
      </section>
      {stack !== undefined && (
        <section className="panel error-section error-stack" aria-labelledby="error-stack">
          <h2 id="error-stack">
            Stack <span className="note">of one of them</span>
            <Copy text={stack} what="stack" />
          </h2>
          <pre className="stack" tabIndex={0}>
            {stack}
          </pre>
        </section>
      )}
      {group.versions.length > 1 && (
        <section className="error-section" aria-labelledby="error-versions">
          <h2 id="error-versions">Versions</h2>
          <VersionTable of={group} />
        </section>
      )}
    </>
  );
}

/** One as it was seen, and what all have in common where that says less. */
function Message({ of }: { readonly of: ErrorGroup }): JSX.Element {
  const message = messageOf(of);
  if (message === "") return <p className="lead">No message was given.</p>;
  return (
    <div className="error-said">
      <div className="command">
        <pre tabIndex={0}>
          <code>{message}</code>
        </pre>
        <Copy text={message} what="message" />
      </div>
      {of.message !== "" && of.message !== message && (
        <p className="faint">
          In common: <code>{of.message}</code>
        </p>
      )}
    </div>
  );
}

function Figures({ of }: { readonly of: ErrorGroup }): JSX.Element {
  return (
    <dl className="figures">
      <Figure title="Count" tone="bad" note={`${formatPart(of.share)} of its invocations`}>
        {formatCount(of.count)}
      </Figure>
      <Figure title="Worst end" tone="quiet">
        <OutcomeMark outcome={of.outcome} />
      </Figure>
      <Figure title="First seen" tone="quiet">
        <Moment at={of.firstSeen} form="ago" />
        {of.firstVersion !== "" && ` in version ${of.firstVersion}`}
      </Figure>
      <Figure title="Last seen" tone="quiet">
        <Moment at={of.lastSeen} form="ago" />
      </Figure>
      <Figure title="After a cold start" tone={of.coldShare > 0 ? "cold" : "quiet"}>
        {of.coldShare > 0 ? formatPart(of.coldShare) : "none"}
      </Figure>
    </dl>
  );
}

/** Where to look further. */
function Ways({ of, range }: { readonly of: ErrorGroup; readonly range: Range }): JSX.Element {
  const name = of.function;
  const search = rangeSearch(range);
  return (
    <p className="error-ways">
      <Link to="/functions/$function" params={{ function: name }} search={{ ...search, why: "errors" }}>
        What sets the failures of {name} apart
      </Link>
      {isFailure(of.outcome) && (
        <Link
          to="/functions/$function"
          params={{ function: name }}
          search={{ ...search, outcome: of.outcome }}
          hash="invocations"
        >
          All that ended in {OUTCOME_TEXT[of.outcome]}
        </Link>
      )}
      <Link to="/logs" search={{ ...search, function: name, severity: "error" }}>
        Lines of {name} that tell of errors
      </Link>
    </p>
  );
}
