/** Traces or spans as points, by when they began and how long they took: pointed at they tell, pressed they open. */

import { useNavigate } from "@tanstack/react-router";
import { type CSSProperties, type JSX, useCallback, useMemo } from "react";

import type { FoundTraces } from "../../api/trace-search.ts";
import { formatClock, formatDuration, formatRound } from "../../base/format.ts";
import { rangeSearch } from "../../model/range.ts";
import {
  type Box,
  groupsOfPoints,
  narrowedBy,
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
import { GroupLegend, OutcomeLegend } from "./ScatterLegend.tsx";
import { ScatterTold, traceOf } from "./ScatterTold.tsx";
import { groupColours } from "./scatter-colours.ts";
import { type ScatterCursor, useScatterCursor } from "./scatter-cursor.ts";
import { lengthsSearch, type SearchSearch, withoutLengths, withoutRange } from "./url.ts";

const HEIGHT = { wide: 380, narrow: 280 } as const;

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
