/** What belongs together by the query's `by()`, put together over the traces that were found. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatCount, formatDuration, formatNanos } from "../../base/format.ts";
import { withStep } from "../../model/query-text.ts";
import { groupsOf, narrowedTo, type SearchGroup } from "../../model/search-groups.ts";
import { isLength, type MatchRow, shownValue, splitBy } from "../../model/trace-search.ts";
import { type Column, Table } from "../../widgets/Table.tsx";
import { FieldChooser } from "./FieldChooser.tsx";
import type { SearchSearch } from "./url.ts";

/** Of each trace the API tells so many parts. */
const TOLD = 20;

interface GroupsProps {
  readonly rows: readonly MatchRow[];
  readonly search: SearchSearch;
}

export function Groups({ rows, search }: GroupsProps): JSX.Element {
  const groups = groupsOf(rows);
  if (groups === null) return <GroupBy search={search} />;
  const isCut = rows.some(({ match }) => match.spansets.length === TOLD);
  return (
    <>
      <GroupTable groups={groups} search={search} />
      <p className="groups-note">
        Counted over the traces that were found so far.
        {isCut && ` Of a trace with more than ${TOLD} groups the first ${TOLD} are known.`} How many failed, and the
        longest, are told of the first 20 spans of each group in each trace.
      </p>
    </>
  );
}

function GroupTable({ groups, search }: { readonly groups: readonly SearchGroup[]; readonly search: SearchSearch }) {
  const most = Math.max(...groups.map(group => group.spans));
  const figures = [...new Set(groups.flatMap(group => group.figures.map(one => one.key)))];
  const title = (groups[0]?.values ?? []).map(({ key }) => splitBy(key)).join(", ");
  const columns: Column<SearchGroup>[] = [
    { id: "group", title, narrow: "head", cell: group => <GroupLink group={group} search={search} /> },
    { id: "spans", title: "Spans", align: "end", cell: group => <strong>{formatCount(group.spans)}</strong> },
    {
      id: "bar",
      title: "",
      narrow: "hide",
      cell: group => (
        <svg className="bar group-bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect className="bar-base" y={1} width={Math.max(0.6, (group.spans / most) * 100)} height={6} />
        </svg>
      ),
    },
    { id: "traces", title: "Traces", align: "end", cell: group => formatCount(group.traces) },
    {
      id: "failed",
      title: "Failed",
      hint: "Of the spans that were told",
      align: "end",
      cell: ({ failed }) =>
        failed === 0 ? <span className="none">–</span> : <span className="bad">{formatCount(failed)}</span>,
    },
    { id: "longest", title: "Longest", align: "end", cell: group => formatDuration(group.longest) },
    ...figures.map(
      (key): Column<SearchGroup> => ({
        id: key,
        title: key,
        align: "end",
        cell: group => {
          const figure = group.figures.find(one => one.key === key);
          return figure === undefined ? <span className="none">–</span> : figureText(key, figure.value);
        },
      }),
    ),
  ];
  return <Table label="Groups" columns={columns} rows={groups} keyOf={group => group.key} />;
}

function figureText(key: string, value: number): string {
  return isLength(key) ? formatNanos(value) : value.toLocaleString("en-US", { maximumSignificantDigits: 4 });
}

/** To what belongs to it, as a list. */
function GroupLink({ group, search }: { readonly group: SearchGroup; readonly search: SearchSearch }): JSX.Element {
  const name = group.values.map(({ key, value }) => shownValue(splitBy(key) ?? key, value)).join(", ");
  const query = narrowedTo(search.q ?? "", group);
  const { view: _, ...rest } = search;
  if (query === null) return <span className="group-name">{name}</span>;
  return (
    <Link className="group-name" data-row={group.key} to="/search" search={{ ...rest, q: query }}>
      {name}
    </Link>
  );
}

/** The query splits nothing: by what it could. */
function GroupBy({ search }: { readonly search: SearchSearch }): JSX.Element {
  const query = search.q ?? "";
  return (
    <section className="notice" aria-labelledby="group-by">
      <h2 id="group-by">Group what was found by</h2>
      <p>
        The query has no <code>by()</code> yet. Choose what its spans are put together by; it is added to the query.
      </p>
      <FieldChooser
        label="Group by"
        search={search}
        before={`${query} | by(`}
        with={field => ({ ...search, q: withStep(query, `by(${field})`) })}
      />
    </section>
  );
}
