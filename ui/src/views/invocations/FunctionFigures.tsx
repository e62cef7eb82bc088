import type { JSX } from "react";

import type { FunctionInRange } from "../../api/queries.ts";
import { formatBytes, formatCount, formatDollars, formatDuration, formatShare } from "../../base/format.ts";
import { perMonth } from "../../model/function-detail.ts";
import { Figure } from "../../widgets/Figure.tsx";

interface FunctionFiguresProps {
  /** Undefined until it has come. */
  readonly of: FunctionInRange | undefined;
  /** Whether it is of the range before, and the new one is on its way. */
  readonly stale: boolean;
}

/** What a function did in the range, in a row of figures. */
export function FunctionFigures({ of, stale }: FunctionFiguresProps): JSX.Element {
  if (of === undefined) return <div className="figures-waiting" role="status" aria-label="Loading figures" />;
  const { summary, p99, billed } = of.detail;
  const { invocations, errors, coldStarts } = summary;
  return (
    <dl className={stale ? "figures stale" : "figures"}>
      <Figure title="Invocations">{formatCount(invocations)}</Figure>
      <Figure title="Failed" tone={errors > 0 ? "bad" : "quiet"} note={formatShare(errors, invocations)}>
        {formatCount(errors)}
      </Figure>
      <Figure title="Cold starts" tone={coldStarts > 0 ? "cold" : "quiet"} note={formatShare(coldStarts, invocations)}>
        {formatCount(coldStarts)}
      </Figure>
      {summary.initP50 !== null && (
        <Figure title="Init p50" tone="cold">
          {formatDuration(summary.initP50)}
        </Figure>
      )}
      <Figure title="p50">{formatDuration(summary.p50)}</Figure>
      <Figure title="p95">{formatDuration(summary.p95)}</Figure>
      <Figure title="p99">{formatDuration(p99)}</Figure>
      <Figure title="Max">{formatDuration(summary.max)}</Figure>
      {billed > 0n && <Figure title="Billed">{formatDuration(billed)}</Figure>}
      <Cost of={of} />
      {summary.memoryBytes > 0n && <Figure title="Memory">{formatBytes(summary.memoryBytes)}</Figure>}
      <Figure title="Runtime" tone="quiet">
        {[summary.runtime || summary.platform, summary.architecture].filter(part => part !== "").join(" · ") || "–"}
      </Figure>
    </dl>
  );
}

/** Left out where prices are not known. */
function Cost({ of: { detail, from, to } }: { readonly of: FunctionInRange }): JSX.Element | null {
  if (detail.cost === null) return null;
  const hint = `Billed time and requests at the prices of ${detail.pricesOf}, without the free tier; a month is 30 days like this range`;
  return (
    <Figure title="Cost" hint={hint} note={`${formatDollars(perMonth(detail.cost, from, to))} a month`}>
      {formatDollars(detail.cost)}
    </Figure>
  );
}
