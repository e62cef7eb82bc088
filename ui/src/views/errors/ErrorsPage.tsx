/** The errors of all functions, those that are alike as one. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import type { JSX } from "react";

import { errorsQuery } from "../../api/errors.ts";
import { useListing } from "../../api/listing.ts";
import { functionsQuery } from "../../api/queries.ts";
import { plural } from "../../base/format.ts";
import { ERROR_ORDERS, type ErrorOrder } from "../../model/error-detail.ts";
import type { ErrorGroup } from "../../model/errors.ts";
import { ERROR_COLUMNS } from "../../model/export-columns.ts";
import { type Range, rangeOf, rangeSearch, rangeText } from "../../model/range.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { ListBody } from "../../widgets/ListBody.tsx";
import { NameField } from "../../widgets/NameField.tsx";
import { Notice } from "../../widgets/Notice.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { ErrorTable } from "./ErrorTable.tsx";
import type { ErrorsSearch } from "./url.ts";

const route = getRouteApi("/errors");

const ORDER_TEXT: Readonly<Record<ErrorOrder, string>> = {
  count: "most frequent",
  last_seen: "seen last",
  first_seen: "newest",
};

export function ErrorsPage(): JSX.Element {
  useTitle("Errors");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const range = rangeOf(search);
  const name = search.function ?? "";
  const sort: ErrorOrder = search.sort ?? "count";
  const listing = useListing(errorsQuery(range, name, sort));
  const functions = useQuery(functionsQuery(range));
  const setName = (next: string) => {
    const { function: _, ...rest } = search;
    navigate({ search: next === "" ? rest : { ...rest, function: next }, replace: true, resetScroll: false });
  };
  const setOrder = (order: ErrorOrder) => {
    const { sort: _, ...rest } = search;
    navigate({ search: order === "count" ? rest : { ...rest, sort: order } });
  };
  return (
    <>
      <header className="page-head">
        <h1>Errors</h1>
        <div className="tools">
          <NameField
            label="Of one function"
            value={name}
            names={functions.data?.map(one => one.name) ?? []}
            onChange={setName}
          />
          <Choice
            label="Order"
            value={sort}
            options={ERROR_ORDERS.map(order => ({ value: order, label: ORDER_TEXT[order] }))}
            onChange={setOrder}
          />
          <RangePicker
            range={range}
            onChange={next => navigate({ search: { ...withoutRange(search), ...rangeSearch(next) } })}
          />
          <ShowQuery of={errorsQuery(range, name, sort)} what="errors" />
          <Export
            what="kinds of error"
            columns={ERROR_COLUMNS}
            rows={listing.items}
            of={errorsQuery(range, name, sort)}
          />
          <Freshness of={listing} />
        </div>
      </header>
      <ListBody
        listing={listing}
        what="kinds of error"
        empty={<NoErrors range={range} name={name} clear={() => setName("")} />}
      >
        {groups => (
          <>
            <Lead groups={groups} total={listing.total} range={range} />
            <ErrorTable groups={groups} range={range} isNamed={name === ""} />
          </>
        )}
      </ListBody>
    </>
  );
}

function withoutRange({ range: _range, from: _from, to: _to, ...rest }: ErrorsSearch): ErrorsSearch {
  return rest;
}

interface LeadProps {
  readonly groups: readonly ErrorGroup[];
  readonly total: number;
  readonly range: Range;
}

function Lead({ groups, total, range }: LeadProps): JSX.Element {
  const fresh = groups.filter(group => group.state === "new").length;
  const back = groups.filter(group => group.state === "regressed").length;
  const marks = [fresh > 0 && `${fresh} new`, back > 0 && `${back} came back`].filter(text => text !== false);
  return (
    <p className="lead">
      {plural(total, "kind")} of error in {rangeText(range)}
      {marks.length > 0 && (
        <>
          , <strong className="bad">{marks.join(", ")}</strong>
        </>
      )}
      .
    </p>
  );
}

interface NoErrorsProps {
  readonly range: Range;
  readonly name: string;
  readonly clear: () => void;
}

function NoErrors({ range, name, clear }: NoErrorsProps): JSX.Element {
  if (name !== "") {
    return (
      <Notice title={`No error of ${name} in ${rangeText(range)}`}>
        <p>A function's name has to be given in full.</p>
        <p>
          <button type="button" className="button" onClick={clear}>
            Show those of all functions
          </button>
        </p>
      </Notice>
    );
  }
  return (
    <Notice title={`Nothing failed in ${rangeText(range)}`}>
      <p>
        An invocation that fails, is lost, or has an answer that failed stands here, together with those that are alike.
      </p>
    </Notice>
  );
}
