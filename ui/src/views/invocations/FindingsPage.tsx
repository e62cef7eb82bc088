/** What costs: the findings of all functions, as they were told when the functions were looked at. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { type JSX, useRef } from "react";

import { toldFindingsQuery } from "../../api/queries.ts";
import { formatDollars, plural } from "../../base/format.ts";
import { FINDING_COLUMNS } from "../../model/export-columns.ts";
import { ofFunctions, type ToldFinding, together } from "../../model/told-findings.ts";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { useRowKeys } from "../../widgets/row-keys.ts";
import { SearchField } from "../../widgets/SearchField.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { FindingTable } from "./FindingTable.tsx";

const route = getRouteApi("/findings");

export function FindingsPage(): JSX.Element {
  useTitle("What costs");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(toldFindingsQuery());
  const field = useRef<HTMLInputElement>(null);
  const name = search.name ?? "";
  const setName = (next: string) => navigate({ search: next === "" ? {} : { name: next }, replace: true });
  return (
    <>
      <header className="page-head">
        <h1>What costs</h1>
        <div className="tools">
          <SearchField ref={field} label="Filter by function" value={name} onChange={setName} />
          <ShowQuery of={toldFindingsQuery()} what="findings" />
          <Export what="findings" columns={FINDING_COLUMNS} rows={query.data && ofFunctions(query.data, name)} />
          <Freshness
            of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
          />
        </div>
      </header>
      {query.data === undefined ? (
        <Waiting error={query.error} what="findings" rows={8} retry={query.refetch} />
      ) : query.data.length === 0 ? (
        <Notice title="Nothing was found that costs more than it should">
          <p>
            Every function that is invoked is looked at once an hour, over the day before. A{" "}
            <Link to="/">function’s own page</Link> tells at once.
          </p>
        </Notice>
      ) : (
        <Told findings={query.data} name={name} />
      )}
    </>
  );
}

interface ToldProps {
  readonly findings: readonly ToldFinding[];
  /** Part of a function's name; empty for all. */
  readonly name: string;
}

function Told({ findings, name }: ToldProps): JSX.Element {
  const found = ofFunctions(findings, name);
  const there = found.filter(one => one.isThere);
  const over = found.filter(one => !one.isThere);
  const list = useRef<HTMLDivElement>(null);
  useRowKeys(list, found.length);
  if (found.length === 0) {
    return (
      <Notice title="Nothing was found about such a function">
        <p>
          {plural(findings.length, "finding")} of {plural(together(findings).functions, "function")}; none has “{name}”
          in its name.
        </p>
      </Notice>
    );
  }
  return (
    <div className="told-findings" ref={list}>
      <Lead there={there} />
      {there.length > 0 && <FindingTable label="What costs" findings={there} />}
      {over.length > 0 && (
        <details>
          <summary>{plural(over.length, "that is over", "that are over")}</summary>
          <FindingTable label="What is over" findings={over} />
        </details>
      )}
    </div>
  );
}

function Lead({ there }: { readonly there: readonly ToldFinding[] }): JSX.Element {
  const { functions, monthly } = together(there);
  if (there.length === 0) return <p className="lead">Nothing costs more than it should any more.</p>;
  return (
    <p className="lead">
      {plural(there.length, "finding")} of {plural(functions, "function")}
      {monthly !== null && monthly > 0n && (
        <>
          , together up to <strong>{formatDollars(monthly)} a month</strong>
        </>
      )}
      .
      {there.length > 1 &&
        monthly !== null &&
        monthly > 0n &&
        " They overlap: where one is ended, another may bring less."}
    </p>
  );
}
