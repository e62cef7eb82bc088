/** When the rule would have fired, drawn over what is stored. */

import type { UseQueryResult } from "@tanstack/react-query";
import { type JSX, type RefObject, useMemo } from "react";

import { formatCount, formatDuration, unbroken } from "../../base/format.ts";
import {
  type Backtest,
  type Episode,
  firedWords,
  lengthOf,
  seriesName,
  shadedParts,
  TEST_LENGTHS,
  type TestLength,
} from "../../model/backtest.ts";
import { figure, type Side } from "../../model/reading.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { Refused } from "../../widgets/Refused.tsx";
import { type Column, PlainTable } from "../../widgets/Table.tsx";
import { type ChartLine, ValueChart } from "./ValueChart.tsx";

interface BacktestPanelProps {
  readonly panel: RefObject<HTMLElement | null>;
  readonly testing: UseQueryResult<Backtest>;
  readonly length: TestLength;
  readonly onTest: (length: TestLength) => void;
  readonly bad: Side;
  /** What is wrong that no field shows. */
  readonly elsewhere: readonly string[];
}

const OPTIONS = (Object.keys(TEST_LENGTHS) as TestLength[]).map(value => ({ value, label: TEST_LENGTHS[value].label }));

export function BacktestPanel({ panel, testing, length, onTest, bad, elsewhere }: BacktestPanelProps): JSX.Element {
  const { data, isFetching } = testing;
  // Of what was tried before: it is being tried again.
  const error = isFetching ? null : testing.error;
  return (
    <section ref={panel} className="panel backtest" aria-labelledby="backtest-title" aria-busy={isFetching}>
      <header>
        <h2 id="backtest-title">Back-test</h2>
        <Choice label="How far back" value={length} options={OPTIONS} onChange={onTest} />
        <button type="button" className="button" onClick={() => onTest(length)} disabled={isFetching}>
          {isFetching ? "Testing" : "Test"} <kbd>b</kbd>
        </button>
      </header>
      <Refused error={error} what="tested" mistakes={elsewhere} />
      {data === undefined
        ? error === null && (
            <p className="alert-nothing">
              {isFetching
                ? "Each minute of that time is evaluated as it would have been."
                : "When would this rule have fired? Nothing is saved and nobody is told by a test."}
            </p>
          )
        : error === null && <Result of={data} isStale={isFetching} bad={bad} />}
    </section>
  );
}

interface ResultProps {
  readonly of: Backtest;
  readonly isStale: boolean;
  readonly bad: Side;
}

function Result({ of, isStale, bad }: ResultProps): JSX.Element {
  const lines = useMemo(() => linesOf(of), [of]);
  const shaded = useMemo(() => shadedParts(of), [of]);
  return (
    <div className={isStale ? "stale" : undefined}>
      <p className="backtest-words" role="status">
        It <strong className={of.total > 0 ? "bad" : undefined}>{firedWords(of)}</strong>.
      </p>
      {lines.length === 0 ? (
        <p className="alert-nothing">There was nothing to measure in that time.</p>
      ) : (
        <>
          <ValueChart
            label="Values against the threshold"
            lines={lines}
            unit={of.unit}
            threshold={of.threshold}
            bad={bad}
            from={of.from}
            to={of.to}
            shaded={shaded}
            idle={
              <span className="faint">
                Each place is the worst of {formatDuration(of.step)}; shaded is when an alert would have fired. Point at
                one for its values.
              </span>
            }
          />
          <ul className="series-names">
            {lines.map((line, at) => (
              <li key={line.name}>
                <svg viewBox="0 0 16 8" aria-hidden="true">
                  <line className={`value-line line-${at % 10}`} x1={0} x2={16} y1={4} y2={4} />
                </svg>
                {line.name}
              </li>
            ))}
          </ul>
        </>
      )}
      {of.episodes.length > 0 && <Episodes of={of} />}
    </div>
  );
}

function linesOf({ series }: Backtest): ChartLine[] {
  return series.map(({ labels, values }) => ({
    name: seriesName(labels),
    points: values.map((value, at) => ({ at: (at + 0.5) / values.length, value })),
  }));
}

function Episodes({ of }: { readonly of: Backtest }): JSX.Element {
  const columns: readonly Column<Episode>[] = [
    {
      id: "whose",
      title: "Whose",
      narrow: "head",
      cell: one => (
        <div className="sentence">
          <strong>{seriesName(one.labels)}</strong>
          <span className="sub">{unbroken(one.summary)}</span>
        </div>
      ),
    },
    {
      id: "peak",
      title: "Worst",
      align: "end",
      cell: one => (one.peak === null ? <span className="none">–</span> : figure(one.peak, of.unit)),
    },
    {
      id: "length",
      title: "For",
      align: "end",
      cell: one => (
        <>
          {formatDuration(lengthOf(one, of.to))}
          {one.to === null && <span className="sub">and still</span>}
        </>
      ),
    },
    { id: "from", title: "Fired", align: "end", narrow: "tail", cell: one => <Moment at={one.from} form="minute" /> },
  ];
  return (
    <>
      <PlainTable
        label="When it would have fired"
        columns={columns}
        rows={of.episodes}
        keyOf={one => `${one.from}${seriesName(one.labels)}`}
      />
      {of.episodes.length < of.total && (
        <p className="alert-nothing">
          The latest {formatCount(of.episodes.length)} of {formatCount(of.total)}.
        </p>
      )}
    </>
  );
}
