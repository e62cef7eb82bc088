/** What a search found, in each of its states and ways. */

import { Link } from "@tanstack/react-router";
import { type JSX, useMemo, useState } from "react";

import type { FoundTraces, TraceSearch } from "../../api/trace-search.ts";
import { formatDuration, plural, ZERO } from "../../base/format.ts";
import { rowsOf } from "../../model/trace-search.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Icon } from "../../widgets/Icon.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { Waiting } from "../../widgets/Notice.tsx";
import { AddColumn } from "./AddColumn.tsx";
import { CopyAnswer } from "./CopyAnswer.tsx";
import { Groups } from "./Groups.tsx";
import { HowFar } from "./HowFar.tsx";
import { MatchTable } from "./MatchTable.tsx";
import { Nothing } from "./Nothing.tsx";
import { ScatterPanel } from "./ScatterPanel.tsx";
import { lengthsOf, type SearchSearch, type SearchView, VIEWS, withoutLengths } from "./url.ts";

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
