import type { JSX } from "react";

import { formatCount, formatDollars, formatShare } from "../../base/format.ts";
import { type ListedFunction, overviewTotals } from "../../model/overview.ts";
import { Figure } from "../../widgets/Figure.tsx";
import { DeltaMark } from "./DeltaMark.tsx";

interface TotalsProps {
  readonly functions: readonly ListedFunction[];
  /** What the time before is called; null where nothing is compared. */
  readonly than: string | null;
}

/** All functions that are listed, together. */
export function Totals({ functions, than }: TotalsProps): JSX.Element {
  const totals = overviewTotals(functions);
  const { invocations, errors, coldStarts, cost } = totals;
  const deltas = than === null ? null : totals.deltas;
  const mark = (name: "invocations" | "errors" | "cold" | "cost") =>
    deltas !== null && than !== null && deltas[name] !== null ? (
      <>
        {" "}
        <DeltaMark of={deltas[name]} than={than} />
      </>
    ) : undefined;
  return (
    <div className="overview-totals">
      <dl className="figures">
        <Figure title="Functions">{formatCount(totals.functions)}</Figure>
        <Figure title="Invocations">
          {formatCount(invocations)}
          {mark("invocations")}
        </Figure>
        <Figure title="Failed" {...(errors > 0 && { tone: "bad" })} hint="Timeouts and out of memory included">
          {formatCount(errors)}
          {errors > 0 && <span className="note">{formatShare(errors, invocations)}</span>}
          {mark("errors")}
        </Figure>
        <Figure title="Cold starts" {...(coldStarts > 0 && { tone: "cold" })}>
          {formatCount(coldStarts)}
          {coldStarts > 0 && <span className="note">{formatShare(coldStarts, invocations)}</span>}
          {mark("cold")}
        </Figure>
        {cost !== null && (
          <Figure title="Cost" hint="At the first tier, without the free one; where prices are known">
            {formatDollars(cost)}
            {mark("cost")}
          </Figure>
        )}
      </dl>
      {deltas !== null && <p className="overview-than">compared with {than}</p>}
    </div>
  );
}
