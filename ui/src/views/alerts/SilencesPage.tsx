/** Of which alerts nobody is told, and until when. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";

import { silencesQuery, useEndSilence } from "../../api/alerts.ts";
import { SILENCE_COLUMNS } from "../../model/export-columns.ts";
import { inOrder, matcherText, type Silence } from "../../model/silence.ts";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { Refused } from "../../widgets/Refused.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { type Column, PlainTable } from "../../widgets/Table.tsx";
import { useTitle } from "../../widgets/title.ts";
import { AlertsHead } from "./AlertsHead.tsx";

export function SilencesPage(): JSX.Element {
  useTitle("Silences");
  const navigate = useNavigate();
  const query = useQuery(silencesQuery());
  const end = useEndSilence();
  useKeys("Silences", [{ keys: ["n"], does: "new silence", run: () => navigate({ to: "/alerts/silences/new" }) }]);
  return (
    <>
      <AlertsHead>
        <Link className="button" to="/alerts/silences/new">
          New silence <kbd>n</kbd>
        </Link>
        <ShowQuery of={silencesQuery()} what="silences" />
        <Export what="silences" columns={SILENCE_COLUMNS} rows={query.data} />
        <Freshness
          of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
        />
      </AlertsHead>
      <Refused error={end.error} what="ended" />
      {query.data === undefined ? (
        <Waiting error={query.error} what="silences" rows={4} retry={query.refetch} />
      ) : query.data.length === 0 ? (
        <Notice title="Nothing is silenced">
          <p>
            While a silence is in force, nobody is told of the alerts that it matches; they fire all the same. An
            alert’s own page has a button that silences exactly that.
          </p>
        </Notice>
      ) : (
        <PlainTable
          label="Silences"
          columns={columns(end.isPending ? end.variables : null, end.mutate)}
          rows={inOrder(query.data)}
          keyOf={one => one.id}
        />
      )}
    </>
  );
}

const STATE_WORDS = { active: "in force", pending: "to come", expired: "over" } as const;

function columns(ending: string | null, end: (id: string) => void): readonly Column<Silence>[] {
  return [
    {
      id: "matchers",
      title: "Alerts with",
      narrow: "head",
      cell: one => (
        <div className={one.state === "expired" ? "sentence is-off" : "sentence"}>
          {one.matchers.map(matcher => (
            <code className="matcher" key={matcherText(matcher)}>
              {matcherText(matcher)}
            </code>
          ))}
          {one.comment !== "" && <p className="silence-comment">{one.comment}</p>}
        </div>
      ),
    },
    {
      id: "state",
      title: "State",
      cell: one => <span className={`tag tag-${one.state}`}>{STATE_WORDS[one.state]}</span>,
    },
    { id: "by", title: "By", cell: one => (one.createdBy === "" ? <span className="none">–</span> : one.createdBy) },
    { id: "starts", title: "From", align: "end", cell: one => <Moment at={one.starts} form="minute" /> },
    { id: "ends", title: "Until", align: "end", cell: one => <Moment at={one.ends} form="minute" /> },
    {
      id: "end",
      title: "",
      align: "end",
      narrow: "tail",
      cell: one =>
        one.state === "expired" ? (
          <span className="none" />
        ) : (
          <button type="button" className="button small" disabled={ending === one.id} onClick={() => end(one.id)}>
            End now
          </button>
        ),
    },
  ];
}
