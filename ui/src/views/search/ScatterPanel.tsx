/** Traces or spans as points, by when they began and how long they took: pointed at they tell, pressed they open. */

import { Link, useNavigate } from "@tanstack/react-router";
import { type CSSProperties, type JSX, useCallback, useMemo } from "react";

import type { FoundTraces } from "../../api/trace-search.ts";
import { formatClock, formatCount, formatDuration, formatNanos, formatRound, plural } from "../../base/format.ts";
import { after, between } from "../../base/time.ts";
import { rangeSearch } from "../../model/range.ts";
import {
  type Box,
  groupsOfPoints,
  narrowedBy,
  type PointGroup,
  pointsIn,
  type Scatter,
  type ScatterPoint,
  scatterOf,
} from "../../model/scatter.ts";
import type { LengthsOf, MatchRow } from "../../model/trace-search.ts";
import { Canvas, type Surface } from "../../widgets/Canvas.tsx";
import { Choice } from "../../widgets/Choice.tsx";
import { useNarrow } from "../../widgets/media.ts";
import { TimeMarks } from "../../widgets/TimeMarks.tsx";
import { drawScatter } from "./draw-scatter.ts";
import { groupColours, groupToken } from "./scatter-colours.ts";
import { type ScatterCursor, useScatterCursor } from "./scatter-cursor.ts";
import { lengthsSearch, type SearchSearch, withoutLengths, withoutRange } from "./url.ts";

const HEIGHT = { wide: 380, narrow: 280 } as const;
/** More than these are told together. */
const NAMED_GROUPS = 10;

interface ScatterPanelProps {
  readonly rows: readonly MatchRow[];
  readonly found: FoundTraces;
  readonly search: SearchSearch;
  readonly onChange: (search: SearchSearch) => void;
}

export function ScatterPanel({ rows, found, search, onChange }: ScatterPanelProps): JSX.Element | null {
  const of: LengthsOf = search.of ?? "traces";
  const scatter = useMemo(() => scatterOf(rows, of, found), [rows, of, found]);
  if (scatter === null) return null;
  return <Chart scatter={scatter} of={of} search={search} onChange={onChange} />;
}

interface ChartProps {
  readonly scatter: Scatter;
  readonly of: LengthsOf;
  readonly search: SearchSearch;
  readonly onChange: (search: SearchSearch) => void;
}

function Chart({ scatter, of, search, onChange }: ChartProps): JSX.Element {
  const navigate = useNavigate();
  const height = useNarrow() ? HEIGHT.narrow : HEIGHT.wide;
  const groups = useMemo(() => groupsOfPoints(scatter.points), [scatter]);
  const byGroup = search.colour === "group";
  const colours = useMemo(() => groupColours(groups), [groups]);
  const narrow = (box: Box) => {
    const { range, lengths } = narrowedBy(scatter, of, box);
    onChange({ ...withoutLengths(withoutRange(search)), ...rangeSearch(range), ...lengthsSearch(lengths) });
  };
  const open = (at: number) => {
    const point = scatter.points[at];
    if (point !== undefined) navigate(traceOf(point));
  };
  const cursor = useScatterCursor(scatter, { onOpen: open, onNarrow: narrow });
  const draw = useCallback(
    (surface: Surface) => drawScatter(surface, scatter, byGroup ? colours : null),
    [scatter, byGroup, colours],
  );
  return (
    <section className="panel scatter" aria-label="When each began, by how long it took">
      <header>
        <ScatterChoices search={search} of={of} onChange={onChange} />
        {byGroup ? <GroupLegend groups={groups} colours={colours} /> : <OutcomeLegend of={of} />}
      </header>
      <div className="steps-chart">
        <div className="steps-lengths" aria-hidden="true">
          {scatter.scale.marks.map(length => (
            <span key={length} style={{ top: (1 - scatter.scale.place(length)) * height }}>
              {formatRound(length)}
            </span>
          ))}
        </div>
        <Plot scatter={scatter} cursor={cursor} height={height} draw={draw} />
        <TimeMarks from={scatter.from} to={scatter.to} />
      </div>
      <ScatterTold scatter={scatter} of={of} cursor={cursor} onNarrow={narrow} />
    </section>
  );
}

function traceOf({ traceId, spanId }: ScatterPoint) {
  return {
    to: "/traces/$traceId" as const,
    params: { traceId },
    search: spanId === null ? {} : { span: spanId, details: "open" as const },
  };
}

interface ScatterChoicesProps {
  readonly search: SearchSearch;
  readonly of: LengthsOf;
  readonly onChange: (search: SearchSearch) => void;
}

function ScatterChoices({ search, of, onChange }: ScatterChoicesProps): JSX.Element {
  return (
    <div className="tools">
      <Choice
        label="Points are"
        value={of}
        options={[
          { value: "traces", label: "traces", title: "A point for each trace" },
          {
            value: "spans",
            label: "matched spans",
            title: "A point for each span that matched: of each trace the first 20",
          },
        ]}
        onChange={(next: LengthsOf) => {
          // Bounds are of what they were drawn around.
          const { of: _, ...rest } = withoutLengths(search);
          onChange(next === "spans" ? { ...rest, of: next } : rest);
        }}
      />
      <Choice
        label="Colours tell"
        value={search.colour ?? "outcome"}
        options={[
          { value: "outcome", label: "by outcome" },
          { value: "group", label: "by group", title: "By what the query splits by, else by service" },
        ]}
        onChange={(next: "outcome" | "group") => {
          const { colour: _, ...rest } = search;
          onChange(next === "group" ? { ...rest, colour: next } : rest);
        }}
      />
    </div>
  );
}

interface PlotProps {
  readonly scatter: Scatter;
  readonly cursor: ScatterCursor;
  readonly height: number;
  readonly draw: (surface: Surface) => void;
}

function Plot({ scatter, cursor, height, draw }: PlotProps): JSX.Element {
  const { points } = scatter;
  const point = cursor.at === null ? undefined : points[cursor.at];
  return (
    <div
      className="steps-plot scatter-plot"
      role="slider"
      tabIndex={0}
      data-own-arrows
      aria-label="Points"
      aria-valuemin={1}
      aria-valuemax={points.length}
      aria-valuenow={(cursor.at ?? points.length - 1) + 1}
      aria-valuetext={point === undefined ? "none" : spoken(point)}
      {...cursor.handlers}
    >
      {scatter.unsearched > 0 && (
        <div className="scatter-unsearched" style={{ width: percent(scatter.unsearched) }}>
          <span>not searched yet</span>
        </div>
      )}
      <Canvas className="steps-canvas" draw={draw} height={height} />
      {cursor.box !== null && <div className="scatter-box" style={placed(cursor.box)} />}
      {point !== undefined && (
        <div className="scatter-point" style={{ left: percent(point.x), top: percent(1 - point.y) }} />
      )}
    </div>
  );
}

const spoken = (point: ScatterPoint): string =>
  `${point.name}, ${formatDuration(point.duration)}, ${formatClock(point.start)}${point.failed ? ", failed" : ""}`;

function placed({ x, y }: Box): CSSProperties {
  return { left: percent(x[0]), width: percent(x[1] - x[0]), top: percent(1 - y[1]), height: percent(y[1] - y[0]) };
}

const percent = (part: number): string => `${(part * 100).toFixed(3)}%`;

interface ScatterToldProps {
  readonly scatter: Scatter;
  readonly of: LengthsOf;
  readonly cursor: ScatterCursor;
  readonly onNarrow: (box: Box) => void;
}

/** What is pointed at, or chosen, in words. */
function ScatterTold({ scatter, of, cursor, onNarrow }: ScatterToldProps): JSX.Element {
  const point = cursor.at === null ? undefined : scatter.points[cursor.at];
  const { box } = cursor;
  if (box !== null) {
    const { from, to, low, high } = scatter;
    const whole = Number(between(from, to));
    const clock = (part: number) => formatClock(after(from, BigInt(Math.round(part * whole)))).slice(0, 8);
    const length = (part: number) => formatNanos(low * (high / low) ** part);
    return (
      <div className="step-told">
        <span className="strong">{plural(pointsIn(scatter.points, box), of === "traces" ? "trace" : "span")}</span>
        <span>
          {clock(box.x[0])} – {clock(box.x[1])}, {length(box.y[0])} – {length(box.y[1])}
        </span>
        <div className="step-actions">
          <button type="button" className="button" onClick={() => onNarrow(box)}>
            Look at these alone <kbd>enter</kbd>
          </button>
          <button type="button" className="button" onClick={cursor.clear}>
            Let go <kbd>esc</kbd>
          </button>
        </div>
      </div>
    );
  }
  if (point === undefined) {
    return (
      <div className="step-told faint">
        <span>
          Point at one to see what it is; drag a box around some to look at them alone. By key: arrows go through them,
          with shift they choose, enter opens.
        </span>
      </div>
    );
  }
  return (
    <div className="step-told">
      <span className="strong">{point.name}</span>
      {point.service !== point.name && <span className="faint">{point.service}</span>}
      <span className="strong">{formatDuration(point.duration)}</span>
      <span>{formatClock(point.start)}</span>
      {point.failed && <span className="bad">{of === "traces" ? "with errors" : "failed"}</span>}
      {point.group !== point.service && <span className="faint">{point.group}</span>}
      <div className="step-actions">
        <Link className="button" {...traceOf(point)}>
          Open the trace
        </Link>
      </div>
    </div>
  );
}

function OutcomeLegend({ of }: { readonly of: LengthsOf }): JSX.Element {
  return (
    <ul className="legend">
      <li>
        <Sample token="--accent" /> {of === "traces" ? "without errors" : "not failed"}
      </li>
      <li>
        <Sample token="--bad" cross /> {of === "traces" ? "with errors" : "failed"}
      </li>
    </ul>
  );
}

interface GroupLegendProps {
  readonly groups: readonly PointGroup[];
  readonly colours: ReadonlyMap<string, number>;
}

function GroupLegend({ groups, colours }: GroupLegendProps): JSX.Element {
  const rest = groups.slice(NAMED_GROUPS);
  return (
    <ul className="legend">
      {groups.slice(0, NAMED_GROUPS).map(({ name, points }) => (
        <li key={name} title={name}>
          <Sample token={groupToken(colours, name)} /> <span className="clip">{name}</span> {formatCount(points)}
        </li>
      ))}
      {rest.length > 0 && (
        <li>
          <Sample token="--faint" /> {plural(rest.length, "other")}
        </li>
      )}
      <li>
        <Sample token="--faint" cross /> failed
      </li>
    </ul>
  );
}

function Sample({ token, cross = false }: { readonly token: string; readonly cross?: boolean }): JSX.Element {
  const colour = `var(${token})`;
  return (
    <svg className="scatter-sample" viewBox="0 0 10 10" aria-hidden="true">
      {cross ? (
        <path d="M2 2l6 6M8 2l-6 6" style={{ stroke: colour }} />
      ) : (
        <circle cx="5" cy="5" r="3.5" style={{ fill: colour }} />
      )}
    </svg>
  );
}
