/** A function's range of time, step by step: how long invocations took, how many there were, how they went. */

import { type JSX, useMemo, useRef } from "react";

import type { FunctionInRange } from "../../api/queries.ts";
import { functionQuery } from "../../api/queries.ts";
import type { Page } from "../../api/request.ts";
import { formatCount } from "../../base/format.ts";
import type { Box } from "../../model/comparison.ts";
import { heatmap, lengthsOf } from "../../model/heatmap.ts";
import type { Invocation } from "../../model/invocation.ts";
import { percentileScale } from "../../model/length-scale.ts";
import { bounds, type Range } from "../../model/range.ts";
import { releasesOf } from "../../model/releases.ts";
import { inSteps, type Steps, stepsOf } from "../../model/steps.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { type Charted, StepsPlot } from "./StepsPlot.tsx";
import { type Chosen, type StepCursor, useStepCursor } from "./step-cursor.ts";
import { type Said, saidOf, stepText } from "./step-words.ts";

export type ChartName = "percentiles" | "heatmap";

interface OverTimeProps {
  /** Undefined until it has come. */
  readonly of: FunctionInRange | undefined;
  /** Whether it is of the range before, and the new one is on its way. */
  readonly stale: boolean;
  readonly chart: ChartName;
  readonly onChart: (chart: ChartName) => void;
  readonly onRange: (range: Range) => void;
  readonly onCompare: (box: Box) => void;
  readonly onList: (box: Box) => void;
  /** What is compared with the rest, and what is listed. */
  readonly marked: readonly Box[];
  /** Those that failed; undefined until they have come. */
  readonly failures: Page<Invocation> | undefined;
}

export function OverTime({ of, stale, chart, onChart, ...rest }: OverTimeProps): JSX.Element {
  return (
    <section
      id="time"
      tabIndex={-1}
      className={stale ? "panel over-time stale" : "panel over-time"}
      aria-labelledby="over-time-title"
    >
      <header>
        <h2 id="over-time-title">Over time</h2>
        <Choice
          label="Chart"
          value={chart}
          options={[
            { value: "percentiles", label: "percentiles" },
            { value: "heatmap", label: "heatmap", title: "How lengths spread in each step" },
          ]}
          onChange={onChart}
        />
        {of !== undefined && (
          <ShowQuery of={functionQuery(of.detail.summary.name, { ...of, kind: "between" })} what="over time" />
        )}
      </header>
      {of === undefined ? (
        <div className="steps-waiting" role="status" aria-label="Loading the chart" />
      ) : (
        <Walked of={of} chart={chart} onChart={onChart} {...rest} />
      )}
    </section>
  );
}

interface WalkedProps {
  readonly of: FunctionInRange;
  readonly chart: ChartName;
  readonly onChart: (chart: ChartName) => void;
  readonly onRange: (range: Range) => void;
  readonly onCompare: (box: Box) => void;
  readonly onList: (box: Box) => void;
  /** What is compared with the rest, and what is listed. */
  readonly marked: readonly Box[];
  /** Those that failed; undefined until they have come. */
  readonly failures: Page<Invocation> | undefined;
}

function Walked(props: WalkedProps): JSX.Element {
  const { of, chart, onChart, onRange, onCompare, onList, marked, failures } = props;
  const { from, to, detail } = of;
  const steps = useMemo(() => stepsOf(from, to, detail.step), [from, to, detail.step]);
  const failed = failures?.items;
  const charted = useMemo(() => charting(steps, of, chart, failed ?? []), [steps, of, chart, failed]);
  const plot = useRef<HTMLDivElement>(null);
  const { heat } = charted;
  const boxOf = ({ range, rows }: Chosen): Box => {
    const { from: since, to: until } = bounds(range, to);
    const lengths = heat === null || rows === null ? { min: null, max: null } : lengthsOf(heat, rows[0], rows[1]);
    return { since, until, ...lengths };
  };
  const cursor = useStepCursor(steps, heat, {
    onRange,
    onCompare: chosen => onCompare(boxOf(chosen)),
    onList: chosen => onList(boxOf(chosen)),
  });
  useKeys("Over time", [
    { keys: ["c"], does: "walk through the steps of time", run: () => plot.current?.focus() },
    {
      keys: ["h"],
      does: "percentiles or heatmap",
      run: () => onChart(chart === "heatmap" ? "percentiles" : "heatmap"),
    },
  ]);
  const said = saidOf(steps, charted, cursor);
  return (
    <>
      <StepsPlot
        of={charted}
        steps={steps}
        cursor={cursor}
        marked={marked}
        releases={releasesOf(detail.versions, steps)}
        plot={plot}
        text={said.map(({ text }) => text).join(", ")}
      />
      <Legend chart={chart} failures={failures} />
      {cursor.at === null ? <Idle steps={steps} chart={chart} /> : <Told said={said} cursor={cursor} />}
    </>
  );
}

function charting(
  steps: Steps,
  { detail }: FunctionInRange,
  chart: ChartName,
  failures: readonly Invocation[],
): Charted {
  const points = inSteps(steps, detail.points);
  const heat = chart === "heatmap" ? heatmap(points) : null;
  return { points, heat, scale: heat?.scale ?? percentileScale(detail.points), failures };
}

function Idle({ steps, chart }: { readonly steps: Steps; readonly chart: ChartName }): JSX.Element {
  return (
    <p className="step-told faint">
      Each step is {stepText(steps.step)}. Point at one for its numbers;{" "}
      {chart === "heatmap"
        ? "drag a box, or draw one with shift and the arrows, to compare what is in it with the rest or to list it."
        : "drag over some to look at them alone, to compare them with the rest or to list them."}
    </p>
  );
}

function Told({ said, cursor }: { readonly said: readonly Said[]; readonly cursor: StepCursor }): JSX.Element {
  return (
    <div className="step-told">
      {said.map(({ text, tone }) => (
        <span key={text} className={tone}>
          {text}
        </span>
      ))}
      {cursor.byKey && cursor.chosen === null && (
        <span className="faint">
          <kbd>enter</kbd> looks at it alone, <kbd>i</kbd> lists it, <kbd>shift</kbd> <kbd>→</kbd> takes more
        </span>
      )}
      {cursor.chosen !== null && (
        <span className="step-actions">
          <button type="button" className="button" onClick={cursor.compare}>
            {cursor.rows === null ? "Compare this stretch with the rest" : "Compare with the rest"} <kbd>w</kbd>
          </button>
          <button type="button" className="button" onClick={cursor.list}>
            Show invocations <kbd>i</kbd>
          </button>
          <button type="button" className="button" onClick={cursor.take}>
            {cursor.rows === null ? "Look at them alone" : "Look at this time alone"} <kbd>enter</kbd>
          </button>
        </span>
      )}
    </div>
  );
}

interface LegendProps {
  readonly chart: ChartName;
  readonly failures: Page<Invocation> | undefined;
}

function Legend({ chart, failures }: LegendProps): JSX.Element {
  const untold = failures === undefined ? 0 : failures.total - failures.items.length;
  return (
    <ul className="legend" aria-hidden="true">
      {chart === "percentiles" ? (
        <>
          <LegendLine name="p99" />
          <LegendLine name="p95" />
          <LegendLine name="p50" />
        </>
      ) : (
        <li>
          few
          <svg viewBox="0 0 26 12" aria-hidden="true">
            {[0.15, 0.4, 0.65, 1].map((opacity, at) => (
              <rect key={opacity} className="legend-heat" x={at * 6.5} y={2} width={6.5} height={8} opacity={opacity} />
            ))}
          </svg>
          many
        </li>
      )}
      {chart === "heatmap" && failures !== undefined && failures.total > 0 && (
        <li>
          <svg className="legend-box" viewBox="0 0 10 12" aria-hidden="true">
            <path className="legend-cross" d="M2 3l6 6M8 3l-6 6" />
          </svg>
          failed{untold > 0 && `, the latest ${formatCount(failures.items.length)} of ${formatCount(failures.total)}`}
        </li>
      )}
      <LegendBox name="invocations" kind="count" />
      <LegendBox name="cold" kind="cold" />
      <LegendBox name="failed" kind="error" />
    </ul>
  );
}

function LegendLine({ name }: { readonly name: string }): JSX.Element {
  return (
    <li>
      <svg viewBox="0 0 26 12" aria-hidden="true">
        <line className={`legend-${name}`} x1={0} x2={26} y1={6} y2={6} />
      </svg>
      {name}
    </li>
  );
}

function LegendBox({ name, kind }: { readonly name: string; readonly kind: string }): JSX.Element {
  return (
    <li>
      <svg className="legend-box" viewBox="0 0 10 12" aria-hidden="true">
        <rect className={`legend-${kind}`} y={1} width={10} height={10} />
      </svg>
      {name}
    </li>
  );
}
