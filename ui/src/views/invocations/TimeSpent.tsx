/** Where the time of a function goes: on what, step by step, and the parts that take most. */

import type { UseQueryResult } from "@tanstack/react-query";
import type { JSX } from "react";

import { functionPathQuery, isNotFound, type PathInRange } from "../../api/queries.ts";
import { formatCount, formatDuration, formatPart, plural } from "../../base/format.ts";
import { type FunctionPath, groupOf, lengthOf, type PathSegment, segmentTitle } from "../../model/function-path.ts";
import { questionOf } from "../../model/question.ts";
import { rangeOf } from "../../model/range.ts";
import { Waiting } from "../../widgets/Notice.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { Asked } from "./Asked.tsx";
import { PathPlot } from "./PathPlot.tsx";
import type { FunctionSearch } from "./url.ts";

/** The list stays an answer. */
const OPEN = 8;

interface TimeSpentProps {
  readonly name: string;
  /** What the page shows. */
  readonly shown: FunctionSearch;
  readonly query: UseQueryResult<PathInRange>;
}

export function TimeSpent({ name, shown, query }: TimeSpentProps): JSX.Element | null {
  const { data } = query;
  if (query.error !== null && isNotFound(query.error)) return null;
  return (
    <section
      id="path"
      tabIndex={-1}
      className={query.isPlaceholderData ? "panel time-spent stale" : "panel time-spent"}
      aria-labelledby="time-spent-title"
      aria-busy={query.isFetching}
    >
      <h2 id="time-spent-title">
        Where the time goes
        {data !== undefined && data.of.lookedAt > 0 && (
          <span className="note">{formatDuration(data.of.mean)} in the mean, with starts and waits before</span>
        )}
      </h2>
      <ShowQuery of={functionPathQuery(name, rangeOf(shown))} what="where the time goes" isInCorner />
      {data === undefined ? (
        <Waiting error={query.error} what="critical paths" rows={4} retry={query.refetch} />
      ) : data.of.lookedAt === 0 ? (
        <p className="time-spent-note">{nothing(data.of)}</p>
      ) : (
        <Told name={name} shown={shown} path={data} />
      )}
    </section>
  );
}

function nothing({ missing }: FunctionPath): string {
  return missing.length === 0
    ? "No invocation of this range that is over was looked at."
    : "Nothing of this range is derived yet: five minutes are, some three minutes after they end, where there is time for it.";
}

interface ToldProps {
  readonly name: string;
  readonly shown: FunctionSearch;
  readonly path: PathInRange;
}

function Told({ name, shown, path }: ToldProps): JSX.Element {
  const { of } = path;
  const rest = of.segments.slice(OPEN);
  const list = (segments: readonly PathSegment[]) => (
    <ol className="spent">
      {segments.map(segment => (
        <SegmentLine
          key={`${segment.category} ${segment.service} ${segment.name}`}
          of={segment}
          name={name}
          shown={shown}
        />
      ))}
    </ol>
  );
  return (
    <>
      <div className="time-spent-answer">
        <PathPlot of={path} />
        <div className="spent-lists">
          {list(of.segments.slice(0, OPEN))}
          {rest.length > 0 && (
            <details>
              <summary>{plural(rest.length, "smaller one")}</summary>
              {list(rest)}
            </details>
          )}
        </div>
      </div>
      <p className="looked-at">{lookedAt(of)}</p>
    </>
  );
}

interface SegmentLineProps {
  readonly of: PathSegment;
  readonly name: string;
  readonly shown: FunctionSearch;
}

function SegmentLine({ of, name, shown }: SegmentLineProps): JSX.Element {
  const waited = of.shareInvocations === null ? "" : `${formatPart(of.shareInvocations)} of invocations wait for it`;
  return (
    <li>
      <span className="answer-share">{formatPart(of.share)}</span>
      <span className="answer-length">{formatDuration(of.mean)}</span>
      <svg className="spent-bar" viewBox="0 0 100 10" preserveAspectRatio="none" aria-hidden="true">
        <rect className="answer-base" width={100} height={10} />
        <rect className={`path-${groupOf(of.category)}`} width={Math.max(0.5, of.share * 100)} height={10} />
      </svg>
      <span className="spent-name" title={waited}>
        <Asked question={questionOf(of.question)} name={name} shown={shown}>
          {segmentTitle(of)}
        </Asked>
        {of.service !== null && <span className="sub">{of.service}</span>}
      </span>
    </li>
  );
}

/** How many were looked at, and of what nothing is told. */
function lookedAt({ invocations, lookedAt, missing, outdated }: FunctionPath): string {
  const some = lookedAt < invocations ? `${formatCount(lookedAt)} of ` : "";
  const told = [`${some}${plural(invocations, "invocation")} were looked at.`];
  if (missing.length > 0) told.push(`${formatDuration(lengthOf(missing))} of the range are not derived, or not yet.`);
  if (outdated.length > 0) told.push(`${formatDuration(lengthOf(outdated))} are derived again, for what came late.`);
  return told.join(" ");
}
