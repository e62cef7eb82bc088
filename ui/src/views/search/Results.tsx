/** What a search found, in each of its states and ways. */

import { Link } from "@tanstack/react-router";
import { type JSX, useEffect, useMemo, useState } from "react";

import type { FoundTraces, TraceSearch } from "../../api/trace-search.ts";
import { formatDuration, formatShare, plural, ZERO } from "../../base/format.ts";
import { between } from "../../base/time.ts";
import { rangeOf, rangeText } from "../../model/range.ts";
import { rowsOf } from "../../model/trace-search.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Icon } from "../../widgets/Icon.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { AddColumn } from "./AddColumn.tsx";
import { CopyAnswer } from "./CopyAnswer.tsx";
import { Groups } from "./Groups.tsx";
import { MatchTable } from "./MatchTable.tsx";
import { ScatterPanel } from "./ScatterPanel.tsx";
import { Examples } from "./Start.tsx";
import { lengthsOf, type SearchSearch, type SearchView, VIEWS, withoutLengths, withoutRange } from "./url.ts";

interface ResultsProps {
  readonly traces: TraceSearch;
  readonly search: SearchSearch;
  /** The query as it was put to the API. */
  readonly asked: string;
  readonly onChange: (search: SearchSearch) => void;
}

const COLUMNS = "more-columns";

export function Results({ traces, search, asked, onChange }: ResultsProps): JSX.Element {
  const { found, error, isOld } = traces;
  const view = search.view ?? "list";
  const [choosing, choose] = useState(false);
  const isChoosing = choosing && view === "list";
  // What another query found stands there until the answer comes, but not that it found nothing.
  const isNoAnswer = isOld && (error !== null || found?.matches.length === 0);
  const setView = (next: SearchView) => {
    const { view: _, ...rest } = search;
    onChange(next === "list" ? rest : { ...rest, view: next });
  };
  const after = VIEWS[(VIEWS.indexOf(view) + 1) % VIEWS.length] ?? "list";
  useKeys("Answer", [{ keys: ["v"], does: `see it as ${after}`, run: () => setView(after) }]);
  return (
    <>
      <div className="answer-head">
        <p role="status">{found !== undefined && !isOld ? <Told found={found} traces={traces} /> : told(traces)}</p>
        <div className="tools">
          {view === "list" && (
            <button
              type="button"
              className="button"
              aria-expanded={isChoosing}
              aria-controls={isChoosing ? COLUMNS : undefined}
              onClick={() => choose(!isChoosing)}
            >
              <Icon name={isChoosing ? "down" : "right"} />
              Columns
            </button>
          )}
          <Choice
            label="See it as"
            value={view}
            options={VIEWS.map(value => ({ value, label: value, title: `${TITLES[value]} (v)` }))}
            onChange={setView}
          />
          <CopyAnswer asked={asked} search={search} found={isOld ? undefined : found} />
        </div>
      </div>
      {isChoosing && <AddColumn id={COLUMNS} search={search} />}
      <Narrowing search={search} />
      {found === undefined || isNoAnswer ? (
        <Waiting error={error} what="traces" rows={10} retry={traces.read} />
      ) : (
        <div className={isOld ? "stale" : ""} aria-busy={isOld}>
          <Answer found={found} traces={traces} search={search} view={view} onChange={onChange} />
        </div>
      )}
    </>
  );
}

const TITLES: Readonly<Record<SearchView, string>> = {
  list: "A row for each trace",
  scatter: "When each began, by how long it took",
  groups: "What belongs together, counted",
};

/** While there is no answer. */
const told = ({ error }: TraceSearch): string =>
  error === null ? "Searching. The rarer what is looked for, the longer it takes: up to five seconds." : "";

function Told({ found, traces }: { readonly found: FoundTraces; readonly traces: TraceSearch }): JSX.Element {
  const { matches, lookedAt, searchedFrom } = found;
  return (
    <>
      <strong>{plural(matches.length, "trace")}</strong> of {plural(lookedAt, "trace")} that were looked at
      {traces.more !== null && (
        <>
          , back to <Moment at={searchedFrom} form="clock" />
        </>
      )}
      .
    </>
  );
}

/** The lengths that the answer is narrowed to, and the way back. */
function Narrowing({ search }: { readonly search: SearchSearch }): JSX.Element | null {
  const { of, least, most } = lengthsOf(search);
  if (least === null && most === null) return null;
  const bound =
    least !== null && most !== null
      ? `from ${formatDuration(least)} to ${formatDuration(most)}`
      : least !== null
        ? `of ${formatDuration(least)} and longer`
        : `of ${formatDuration(most ?? ZERO)} and shorter`;
  return (
    <p className="narrowing">
      <Link className="chip" to="/search" search={withoutLengths(search)} title="See all lengths">
        {of === "spans" ? "spans" : "traces"} {bound} alone
        <Icon name="close" />
      </Link>
    </p>
  );
}

interface AnswerProps {
  readonly found: FoundTraces;
  readonly traces: TraceSearch;
  readonly search: SearchSearch;
  readonly view: SearchView;
  readonly onChange: (search: SearchSearch) => void;
}

function Answer({ found, traces, search, view, onChange }: AnswerProps): JSX.Element {
  const rows = useMemo(() => rowsOf(found.matches), [found.matches]);
  if (found.matches.length === 0) return <Nothing found={found} traces={traces} search={search} />;
  return (
    <>
      {view === "list" && <MatchTable rows={rows} />}
      {view === "scatter" && <ScatterPanel rows={rows} found={found} search={search} onChange={onChange} />}
      {view === "groups" && <Groups rows={rows} search={search} />}
      <HowFar found={found} traces={traces} />
    </>
  );
}

/** Where the answer ends, and the way on. */
function HowFar({ found, traces }: { readonly found: FoundTraces; readonly traces: TraceSearch }): JSX.Element {
  const { more, readingMore, error } = traces;
  useKeys("List", more === null ? [] : [{ keys: ["m"], does: "search further back", run: more }]);
  return (
    <div className="how-far">
      {/* Of the API's warnings one says in its own words what stands here anyway. */}
      {found.warnings
        .filter(text => !text.includes("searched_from"))
        .map(text => (
          <p key={text} className="warning">
            {sentence(text)}
          </p>
        ))}
      {more === null ? (
        <p>The whole range was searched.</p>
      ) : (
        <>
          <Progress found={found} />
          <p>
            {found.isSpent
              ? "The search used up its time: what began before "
              : "These are the latest: what began before "}
            <Moment at={found.searchedFrom} form="clock" /> was not looked at yet.
          </p>
          <button type="button" className="button" onClick={more} disabled={readingMore}>
            {readingMore ? "Searching" : "Search further back"} <kbd>m</kbd>
          </button>
          {error !== null && <span className="bad">{error.message}</span>}
        </>
      )}
    </div>
  );
}

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;

/** How much of the range was searched. */
function Progress({ found }: { readonly found: FoundTraces }): JSX.Element {
  const whole = Number(between(found.from, found.to));
  const done = Math.min(whole, Math.max(0, Number(between(found.searchedFrom, found.to))));
  const text = `${formatShare(done, whole)} of the range was searched`;
  return <progress max={whole} value={done} aria-label="How much of the range was searched" title={text} />;
}

interface NothingProps {
  readonly found: FoundTraces;
  readonly traces: TraceSearch;
  readonly search: SearchSearch;
}

/** Nothing so far: the search goes on by itself until something is found, the range ends, or somebody stops it. */
function Nothing({ found, traces, search }: NothingProps): JSX.Element {
  const { more, reading, error } = traces;
  const [isStopped, stop] = useState(false);
  const goesOn = more !== null && !isStopped && error === null;
  useEffect(() => {
    if (goesOn && !reading) more();
  }, [goesOn, reading, more]);
  if (more !== null) {
    return (
      <Notice title={goesOn ? "Nothing so far" : "Nothing was found so far"}>
        <p>
          {plural(found.lookedAt, "trace")} that began since <Moment at={found.searchedFrom} form="clock" /> were looked
          at, and none matches. {goesOn && "The search goes on."}
        </p>
        <div className="how-far">
          <Progress found={found} />
          <button type="button" className="button" onClick={goesOn ? () => stop(true) : more}>
            {goesOn ? "Stop here" : "Search further back"}
          </button>
          {error !== null && <span className="bad">{error.message}</span>}
        </div>
      </Notice>
    );
  }
  const range = rangeOf(search);
  const lengths = lengthsOf(search);
  return (
    <Notice title={`No trace matches in ${rangeText(range)}`}>
      <p>
        {found.lookedAt === 0
          ? "None has what the query asks for: a name or a value may be spelled otherwise. What there is is proposed while you type."
          : `${plural(found.lookedAt, "trace")} had some of what the query asks for, and ${found.lookedAt === 1 ? "does not match" : "none matches"} as a whole.`}
      </p>
      <ul className="ways-on">
        {(lengths.least !== null || lengths.most !== null) && (
          <li>
            <Link to="/search" search={withoutLengths(search)}>
              See all lengths
            </Link>
          </li>
        )}
        {(range.kind === "between" || range.length !== "24h") && (
          <li>
            <Link to="/search" search={{ ...withoutRange(search), range: "24h" }}>
              Search the last 24 hours
            </Link>
          </li>
        )}
        {(range.kind === "between" || range.length !== "7d") && (
          <li>
            <Link to="/search" search={{ ...withoutRange(search), range: "7d" }}>
              Search the last 7 days
            </Link>
          </li>
        )}
      </ul>
      <h3>Or begin with one of these</h3>
      <Examples search={search} />
    </Notice>
  );
}
