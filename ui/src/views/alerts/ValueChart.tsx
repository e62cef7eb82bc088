/** Values over time against a threshold. Pointing at a place, or walking there by key, tells its values. */

import { type JSX, type KeyboardEvent, type PointerEvent, type ReactNode, useMemo, useState } from "react";

import { formatClock, formatDay } from "../../base/format.ts";
import { after, between, type Time } from "../../base/time.ts";
import { figure, type Side, type Unit } from "../../model/reading.ts";
import { type ChartPoint, heightOf, linePath, valueScale } from "../../model/value-chart.ts";
import { TimeMarks } from "../../widgets/TimeMarks.tsx";

export interface ChartLine {
  readonly name: string;
  /** At the same places in every line. */
  readonly points: readonly ChartPoint[];
}

interface ValueChartProps {
  readonly label: string;
  readonly lines: readonly ChartLine[];
  readonly unit: Unit;
  /** Null where it is not the same throughout. */
  readonly threshold: number | null;
  readonly bad: Side | null;
  readonly from: Time;
  readonly to: Time;
  /** Stretches in which something fired, as parts of the whole. */
  readonly shaded?: readonly (readonly [number, number])[];
  /** What stands there while nothing is pointed at. */
  readonly idle: ReactNode;
}

/** So many values are told at once. */
const TOLD = 4;

export function ValueChart({
  label,
  lines,
  unit,
  threshold,
  bad,
  from,
  to,
  shaded,
  idle,
}: ValueChartProps): JSX.Element {
  const [at, setAt] = useState<number | null>(null);
  const scale = useMemo(
    () =>
      valueScale(
        lines.flatMap(line => line.points.map(point => point.value)),
        threshold,
        unit,
      ),
    [lines, threshold, unit],
  );
  const places = lines[0]?.points ?? [];
  const place = at === null ? undefined : places[at];
  const point = (event: PointerEvent<HTMLDivElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    setAt(nearest(places, (event.clientX - box.left) / box.width));
  };
  const walk = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (event.key === "Escape") setAt(null);
    if (step === undefined || places.length === 0) return;
    event.preventDefault();
    setAt(Math.min(places.length - 1, Math.max(0, (at ?? places.length) + step)));
  };
  const moment = place === undefined ? null : momentAt(place.at, from, to);
  const told = at === null ? [] : valuesAt(lines, at, unit);
  return (
    <div className="value-chart">
      <div className="steps-chart">
        <div className="steps-lengths" aria-hidden="true">
          {scale.marks.map(mark => (
            <span key={mark} style={{ top: `${heightOf(mark, scale) * 100}%` }}>
              {figure(mark, unit)}
            </span>
          ))}
        </div>
        <div
          className="value-plot"
          role="slider"
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={Math.max(0, places.length - 1)}
          aria-valuenow={at ?? 0}
          aria-valuetext={moment === null ? label : [moment, ...told.map(one => `${one.name} ${one.text}`)].join(", ")}
          tabIndex={0}
          data-own-arrows
          onPointerMove={point}
          onPointerDown={point}
          onPointerLeave={() => setAt(null)}
          onKeyDown={walk}
          onBlur={() => setAt(null)}
        >
          <svg viewBox="0 0 1000 1000" preserveAspectRatio="none" aria-hidden="true">
            {shaded?.map(([start, end]) => (
              <rect
                key={start}
                className="value-fired"
                x={start * 1000}
                width={Math.max(2, (end - start) * 1000)}
                height={1000}
              />
            ))}
            {scale.marks.map(mark => (
              <line
                key={mark}
                className="value-mark"
                x1={0}
                x2={1000}
                y1={heightOf(mark, scale) * 1000}
                y2={heightOf(mark, scale) * 1000}
              />
            ))}
            {lines.toReversed().map((line, index) => (
              <path
                key={line.name}
                className={`value-line line-${(lines.length - 1 - index) % 10}`}
                d={linePath(line.points, scale)}
              />
            ))}
            {threshold !== null && (
              <line
                className="value-threshold"
                x1={0}
                x2={1000}
                y1={heightOf(threshold, scale) * 1000}
                y2={heightOf(threshold, scale) * 1000}
              />
            )}
            {place !== undefined && (
              <line className="value-cursor" x1={place.at * 1000} x2={place.at * 1000} y1={0} y2={1000} />
            )}
          </svg>
          {threshold !== null && (
            <span
              className="value-threshold-name"
              style={{ top: `${heightOf(threshold, scale) * 100}%` }}
              aria-hidden="true"
            >
              {bad ?? "threshold"} {figure(threshold, unit)}
            </span>
          )}
        </div>
        <TimeMarks from={from} to={to} />
      </div>
      <div className="value-told">
        {moment === null ? (
          idle
        ) : (
          <>
            <span className="strong">{moment}</span>
            {told.length === 0 && <span className="faint">no value</span>}
            {told.slice(0, TOLD).map(one => (
              <span key={one.name} className={isOver(one.value, bad, threshold) ? "bad" : undefined}>
                {lines.length > 1 && `${one.name} `}
                {one.text}
              </span>
            ))}
          </>
        )}
      </div>
    </div>
  );
}

function isOver(value: number, bad: Side | null, threshold: number | null): boolean {
  if (threshold === null) return false;
  return bad === "below" ? value < threshold : value > threshold;
}

function nearest(places: readonly ChartPoint[], part: number): number | null {
  let found: number | null = null;
  let least = Number.POSITIVE_INFINITY;
  places.forEach(({ at }, index) => {
    const distance = Math.abs(at - part);
    if (distance < least) [found, least] = [index, distance];
  });
  return found;
}

function momentAt(part: number, from: Time, to: Time): string {
  const moment = after(from, BigInt(Math.round(Number(between(from, to)) * part)));
  return `${formatDay(moment)} ${formatClock(moment).slice(0, 5)}`;
}

/** The highest first. */
function valuesAt(lines: readonly ChartLine[], at: number, unit: Unit) {
  return lines
    .flatMap(({ name, points }) => {
      const value = points[at]?.value ?? null;
      return value === null ? [] : [{ name, value, text: figure(value, unit) }];
    })
    .toSorted((one, other) => other.value - one.value);
}
