/** What costs here: the findings of a function, in the order of the API. */

import type { UseQueryResult } from "@tanstack/react-query";
import { type JSX, type RefObject, useRef } from "react";

import { functionFindingsQuery, isNotFound } from "../../api/queries.ts";
import { formatCount, plural } from "../../base/format.ts";
import type { FunctionFindings as Found, FunctionFinding } from "../../model/function-findings.ts";
import { rangeOf } from "../../model/range.ts";
import { useKeys } from "../../widgets/keys.ts";
import { Waiting } from "../../widgets/Notice.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { FindingItem } from "./FindingItem.tsx";
import type { FunctionSearch } from "./url.ts";

/** The list stays an answer. */
const OPEN = 5;

interface FunctionFindingsProps {
  readonly name: string;
  /** What the page shows. */
  readonly shown: FunctionSearch;
  readonly query: UseQueryResult<Found>;
}

export function FunctionFindings({ name, shown, query }: FunctionFindingsProps): JSX.Element | null {
  const panel = useRef<HTMLElement>(null);
  useFindingKeys(panel);
  const { data } = query;
  if (query.error !== null && isNotFound(query.error)) return null;
  return (
    <section
      id="costs"
      tabIndex={-1}
      className={query.isPlaceholderData ? "panel findings-panel stale" : "panel findings-panel"}
      ref={panel}
      aria-labelledby="findings-title"
      aria-busy={query.isFetching}
    >
      <h2 id="findings-title">
        What costs here
        {data !== undefined && <Prices of={data} />}
      </h2>
      <ShowQuery of={functionFindingsQuery(name, rangeOf(shown))} what="findings" isInCorner />
      {data === undefined ? (
        <Waiting error={query.error} what="findings" rows={6} retry={query.refetch} />
      ) : data.findings.length === 0 ? (
        <Nothing of={data} />
      ) : (
        <Told name={name} shown={shown} of={data} />
      )}
    </section>
  );
}

function Prices({ of: { findings, pricesOf } }: { readonly of: Found }): JSX.Element | null {
  if (findings.every(finding => finding.gain.monthly === null)) return null;
  return <span className="note">prices of {pricesOf}, without the free tier</span>;
}

function Nothing({ of }: { readonly of: Found }): JSX.Element {
  return (
    <div className="nothing">
      <h3>Nothing costs more than it should</h3>
      <p>
        {lookedAt(of)}
        {of.traces === 0 && " Without traces nothing can be said of the calls that they make."}
      </p>
    </div>
  );
}

/** How many invocations were looked at, and how many traces. */
function lookedAt({ invocations, sampled, traces }: Found): string {
  const some = sampled < invocations ? `${formatCount(sampled)} of ` : "";
  return `${some}${plural(invocations, "invocation")} and ${plural(traces, "trace")} were looked at.`;
}

interface ToldProps {
  readonly name: string;
  readonly shown: FunctionSearch;
  readonly of: Found;
}

function Told({ name, shown, of }: ToldProps): JSX.Element {
  const rest = of.findings.slice(OPEN);
  const list = (findings: readonly FunctionFinding[]) => (
    <ol>
      {findings.map(finding => (
        <FindingItem
          key={`${finding.kind} ${finding.about} ${finding.title}`}
          finding={finding}
          of={of}
          name={name}
          shown={shown}
        />
      ))}
    </ol>
  );
  return (
    <>
      {list(of.findings.slice(0, OPEN))}
      {rest.length > 0 && (
        <details>
          <summary>{plural(rest.length, "smaller one")}</summary>
          {list(rest)}
        </details>
      )}
      <p className="looked-at">{lookedAt(of)}</p>
    </>
  );
}

/** From one finding to the next: what is focused is the way to what it is about. */
function useFindingKeys(panel: RefObject<HTMLElement | null>): void {
  const go = (step: 1 | -1) => {
    const all = [...(panel.current?.querySelectorAll<HTMLElement>("[data-finding]") ?? [])];
    const current = all.findIndex(one => one.closest("li")?.contains(document.activeElement));
    const next = all[current === -1 && step === -1 ? all.length - 1 : (current + step + all.length) % all.length];
    const folded = next?.closest("details");
    if (folded) folded.open = true;
    next?.focus({ preventScroll: true });
    next?.closest("li")?.scrollIntoView({ block: "nearest" });
  };
  useKeys("What costs", [
    { keys: ["n"], does: "next finding", run: () => go(1) },
    { keys: ["N"], does: "previous finding", run: () => go(-1) },
  ]);
}
