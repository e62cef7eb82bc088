/** Invocations of all functions. */

import { getRouteApi } from "@tanstack/react-router";
import type { JSX } from "react";

import { rangeOf, rangeSearch } from "../../model/range.ts";
import { Freshness } from "../../widgets/Freshness.tsx";
import { RangePicker } from "../../widgets/RangePicker.tsx";
import { useTitle } from "../../widgets/title.ts";
import { InvocationList, useInvocations } from "./InvocationList.tsx";
import { withoutRange } from "./url.ts";

const route = getRouteApi("/invocations");

export function InvocationsPage(): JSX.Element {
  useTitle("Invocations");
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const listing = useInvocations(null, search);
  return (
    <>
      <header className="page-head">
        <h1>Invocations</h1>
        <div className="tools">
          <RangePicker
            range={rangeOf(search)}
            onChange={next => navigate({ search: { ...withoutRange(search), ...rangeSearch(next) } })}
          />
          <Freshness of={listing} />
        </div>
      </header>
      <InvocationList name={null} listing={listing} search={search} onSearch={next => navigate({ search: next })} />
    </>
  );
}
