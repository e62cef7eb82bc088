/** What would end cold starts, or make them shorter, and what that would bring: as it was told of each function. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatDollars, formatDuration, plural, unbroken } from "../../base/format.ts";
import { dollars } from "../../base/money.ts";
import { type Gain, timeGain } from "../../model/function-findings.ts";
import { type Range, rangeSearch } from "../../model/range.ts";
import { keyOf, type ToldFinding } from "../../model/told-findings.ts";

/** The list stays an answer. */
const OPEN = 5;

interface WhatToDoProps {
  readonly findings: readonly ToldFinding[];
  readonly range: Range;
}

export function WhatToDo({ findings, range }: WhatToDoProps): JSX.Element {
  const rest = findings.slice(OPEN);
  const list = (some: readonly ToldFinding[]) => (
    <ul className="cold-advice">
      {some.map(one => (
        <li key={keyOf(one)}>
          <p className="cold-gain">{gainText(one.gain) ?? "no gain known"}</p>
          <div>
            <h3>
              <Link to="/functions/$function" params={{ function: one.function }} search={rangeSearch(range)}>
                {one.function}
              </Link>
              : {one.title}
            </h3>
            <p>{unbroken(one.text)}</p>
          </div>
        </li>
      ))}
    </ul>
  );
  return (
    <section className="panel" aria-labelledby="cold-advice-title">
      <h2 id="cold-advice-title">What to do about them</h2>
      {findings.length === 0 ? (
        <p className="cold-untold">
          Nothing was told of cold starts in the last day: they cost little, or too few functions were looked at so far.
        </p>
      ) : (
        <>
          {list(findings.slice(0, OPEN))}
          {rest.length > 0 && (
            <details>
              <summary>{plural(rest.length, "smaller one")}</summary>
              {list(rest)}
            </details>
          )}
        </>
      )}
    </section>
  );
}

/** `180 ms less at p99, $1.20 less a month`; null where neither is known. */
function gainText(gain: Gain): string | null {
  const time = timeGain(gain);
  const { monthly } = gain;
  const parts = [
    ...(time === null
      ? []
      : [`${formatDuration(time.length)} less ${time.of === "mean" ? "on average" : `at ${time.of}`}`]),
    ...(monthly === null || monthly === 0n
      ? []
      : [`${formatDollars(monthly < 0n ? dollars(-monthly) : monthly)} ${monthly < 0n ? "more" : "less"} a month`]),
  ];
  return parts.length === 0 ? null : parts.join(", ");
}
