import { useQuery } from "@tanstack/react-query";
import type { JSX } from "react";

import { functionsQuery } from "../../api/queries.ts";
import { formatBytes, formatCount, formatDuration, formatShare } from "../../base/format.ts";
import type { Range } from "../../model/range.ts";
import { Figure } from "../../widgets/Figure.tsx";

/** What a function did in the range, in a row of figures. */
export function FunctionFigures({ name, range }: { readonly name: string; readonly range: Range }): JSX.Element | null {
  const query = useQuery(functionsQuery(range));
  const found = query.data?.find(one => one.name === name);
  if (found === undefined) return null;
  const { invocations, errors, coldStarts } = found;
  return (
    <dl className="figures">
      <Figure title="Invocations">{formatCount(invocations)}</Figure>
      <Figure title="Failed" tone={errors > 0 ? "bad" : "quiet"} note={formatShare(errors, invocations)}>
        {formatCount(errors)}
      </Figure>
      <Figure title="Cold starts" tone={coldStarts > 0 ? "cold" : "quiet"} note={formatShare(coldStarts, invocations)}>
        {formatCount(coldStarts)}
      </Figure>
      {found.initP50 !== null && (
        <Figure title="Init p50" tone="cold">
          {formatDuration(found.initP50)}
        </Figure>
      )}
      <Figure title="p50">{formatDuration(found.p50)}</Figure>
      <Figure title="p95">{formatDuration(found.p95)}</Figure>
      <Figure title="Max">{formatDuration(found.max)}</Figure>
      {found.memoryBytes > 0n && <Figure title="Memory">{formatBytes(found.memoryBytes)}</Figure>}
      <Figure title="Runtime" tone="quiet">
        {[found.runtime || found.platform, found.architecture].filter(part => part !== "").join(" · ") || "–"}
      </Figure>
    </dl>
  );
}
