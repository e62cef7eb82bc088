/** One sandbox's life; it leads to the invocation that is pointed at, by mouse, finger or arrow keys. */

import { Link } from "@tanstack/react-router";
import { type JSX, type KeyboardEvent, type PointerEvent, useCallback, useMemo, useState } from "react";

import { formatClock, formatDuration, plural } from "../../base/format.ts";
import { OUTCOME_TEXT } from "../../model/invocation.ts";
import { type Axis, lifelineOf, markNear, type Sandbox, type SandboxRun } from "../../model/sandboxes.ts";
import { Canvas, type Surface } from "../../widgets/Canvas.tsx";
import { OutcomeMark } from "../../widgets/OutcomeMark.tsx";
import { drawLifeline, LIFE_HEIGHT, type LifeColours } from "./draw-lifeline.ts";

/** In pixels: a failure that is as near as this is meant. */
const SLACK = 4;
const PAGE = 10;

interface LifeProps {
  readonly of: Sandbox;
  readonly axis: Axis;
  readonly colours: LifeColours;
  /** Whether the tab key leads to it. */
  readonly isStop: boolean;
  readonly onFocus: () => void;
  /** Tells those who can't see it what the keys lead to. */
  readonly onSay: (text: string) => void;
}

export function Life({ of, axis, colours, isStop, onFocus, onSay }: LifeProps): JSX.Element {
  const { runs } = of;
  const last = runs.length - 1;
  const [pointed, setPointed] = useState<number | null>(null);
  const [focused, setFocused] = useState<number | null>(null);
  const life = useMemo(() => lifelineOf(of, axis), [of, axis]);
  const draw = useCallback((surface: Surface) => drawLifeline(surface, life, colours), [life, colours]);
  const at = Math.min(last, pointed ?? focused ?? last);
  const run = runs[at];
  const mark = life.marks[at];

  const pointAt = ({ clientX, currentTarget }: PointerEvent<HTMLElement>) => {
    const box = currentTarget.getBoundingClientRect();
    setPointed(markNear(life.marks, (clientX - box.left) / box.width, SLACK / box.width));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const to = event.ctrlKey || event.metaKey || event.altKey ? null : moved(event.key, at, last);
    const next = to === null ? undefined : runs[to];
    if (to === null || next === undefined) return;
    event.preventDefault();
    setPointed(null);
    setFocused(to);
    onSay(textOf(next, to, of));
  };
  const draws = <Canvas className="life-canvas" draw={draw} height={LIFE_HEIGHT} />;
  if (run === undefined || mark === undefined) return <div className="life-cell">{draws}</div>;
  return (
    <div className="life-cell">
      <Link
        className="life"
        to="/invocations/$requestId"
        params={{ requestId: run.requestId }}
        tabIndex={isStop ? 0 : -1}
        aria-label={`Sandbox ${of.id}, ${textOf(run, at, of)}`}
        onKeyDown={onKeyDown}
        onFocus={event => {
          onFocus();
          if (event.currentTarget.matches(":focus-visible")) setFocused(at);
        }}
        onBlur={() => setFocused(null)}
        onPointerDown={pointAt}
        onPointerMove={pointAt}
        onPointerLeave={({ pointerType }) => {
          // A finger that is lifted leaves before it has pressed.
          if (pointerType === "mouse") setPointed(null);
        }}
      >
        {draws}
      </Link>
      {(pointed ?? focused) !== null && (
        <div className="life-pointed" aria-hidden="true">
          <span className="life-mark" style={{ left: percent(mark.from), width: percent(mark.to - mark.from) }} />
          <span className="life-told" style={{ left: kept((mark.from + mark.to) / 2) }}>
            <OutcomeMark outcome={run.outcome} />
            <span>{formatClock(run.start)}</span>
            {run.duration !== null && <strong>{formatDuration(run.duration)}</strong>}
          </span>
        </div>
      )}
    </div>
  );
}

const percent = (part: number): string => `${(part * 100).toFixed(3)}%`;

/** Its middle, so that it stays inside. */
const kept = (part: number): string => `clamp(var(--half), ${percent(part)}, calc(100% - var(--half)))`;

/** `5 of 30 invocations: error, 14:03:22.184, 371 ms`. */
function textOf({ outcome, start, duration }: SandboxRun, at: number, { invocations, runs }: Sandbox): string {
  const number = invocations - runs.length + at + 1;
  const took = duration === null ? "" : `, ${formatDuration(duration)}`;
  return `${number} of ${plural(invocations, "invocation")}: ${OUTCOME_TEXT[outcome]}, ${formatClock(start)}${took}`;
}

/** Where a key leads; null where it leads nowhere here. */
function moved(key: string, at: number, last: number): number | null {
  const inside = (to: number) => Math.min(last, Math.max(0, to));
  switch (key) {
    case "ArrowLeft":
      return inside(at - 1);
    case "ArrowRight":
      return inside(at + 1);
    case "PageUp":
      return inside(at - PAGE);
    case "PageDown":
      return inside(at + PAGE);
    case "Home":
      return 0;
    case "End":
      return last;
    default:
      return null;
  }
}
