/** Where the time went, path by path: spans that are alike on the same path laid over each other. */

import { type JSX, type KeyboardEvent, type MouseEvent, useCallback, useMemo, useState } from "react";

import { formatCount, formatNanos, formatShare, plural } from "../../base/format.ts";
import type { Layout } from "../../model/layout.ts";
import { type FlameFrame, type FlameStep, flameOf, frameAt, frameWith, nextFrame } from "../../model/span-flame.ts";
import type { Measure } from "../../model/span-measures.ts";
import type { Trace } from "../../model/trace.ts";
import { Canvas, type Surface } from "../../widgets/Canvas.tsx";
import { Choice } from "../../widgets/Choice.tsx";
import { drawFlame, FLAME_ROW } from "./draw-flame.ts";

/** Of what is seen: what is narrower is passed by. */
const NARROWEST = 0.002;

const STEPS: Readonly<Record<string, FlameStep>> = {
  ArrowUp: "above",
  ArrowDown: "below",
  ArrowLeft: "before",
  ArrowRight: "behind",
};

const OPTIONS = [
  { value: "total", label: "Total", title: "As long as they took; what ran side by side shares the width" },
  { value: "self", label: "Self", title: "What they took without their children" },
  { value: "critical", label: "Critical", title: "How long the whole waited for them" },
] as const;

const MEANING: Readonly<Record<Measure, string>> = {
  total: "A bar is as wide as its spans took, together; what ran side by side shares the width of what is above it.",
  self: "A bar is as wide as its spans and what is below them took, each without its children: this adds up.",
  critical: "A bar is as wide as the whole waited for its spans and what is below them: this adds up to the whole.",
};

interface FlameViewProps {
  readonly trace: Trace;
  readonly layout: Layout;
  readonly by: Measure;
  readonly cursor: number | null;
  readonly focus: number | null;
  readonly found: Uint8Array | null;
  readonly onBy: (by: Measure) => void;
  readonly onCursor: (index: number, details?: boolean) => void;
  readonly onFocus: (index: number | null) => void;
}

export function FlameView(props: FlameViewProps): JSX.Element {
  const { trace, layout, by, cursor, focus, found, onBy, onCursor, onFocus } = props;
  const frames = useMemo(() => flameOf(trace, layout, by, null), [trace, layout, by]);
  const zoomed = useMemo(() => (focus === null ? null : frameWith(frames, focus)), [frames, focus]);
  const current = useMemo(() => (cursor === null ? null : frameWith(frames, cursor)), [frames, cursor]);
  const [pointed, setPointed] = useState<number | null>(null);
  // Where somebody begins.
  const widest = useMemo(
    () => frames.findIndex(frame => frame.parent === -1 && frame.from === 0 && frame.width > 0),
    [frames],
  );
  const seen = zoomed === null ? undefined : frames[zoomed];
  const from = seen?.from ?? 0;
  const width = seen === undefined || seen.width === 0 ? 1 : seen.width;
  const matching = useMemo(
    () => (found === null ? null : frames.map(frame => frame.spans.some(span => found[span] === 1))),
    [frames, found],
  );
  const draw = useCallback(
    (surface: Surface) => drawFlame(surface, { frames, from, width, current, pointed, found: matching }),
    [frames, from, width, current, pointed, matching],
  );
  const height = useMemo(
    () => frames.reduce((most, frame) => Math.max(most, frame.depth + 1), 1) * FLAME_ROW,
    [frames],
  );
  const placeAt = (event: MouseEvent<HTMLElement>): number | null => {
    const box = event.currentTarget.getBoundingClientRect();
    const at = from + ((event.clientX - box.left) / box.width) * width;
    return frameAt(frames, Math.floor((event.clientY - box.top) / FLAME_ROW), at);
  };
  const goTo = (place: number | null, details?: boolean) => {
    const frame = place === null ? undefined : frames[place];
    if (frame !== undefined) onCursor(longestOf(frame, layout), details);
  };
  const focusOn = (place: number | null) => {
    const frame = place === null ? undefined : frames[place];
    goTo(place);
    if (frame === undefined || frame.parent === -1) onFocus(null);
    else onFocus(longestOf(frame, layout));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const step = STEPS[event.key];
    if (event.key === " ") focusOn(current ?? widest);
    else if (event.key === "Escape" && focus !== null) onFocus(null);
    else if (step !== undefined) {
      const next = current === null ? widest : nextFrame(frames, current, step, NARROWEST * width);
      if (next !== null) goTo(next);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  };
  const told = frames[pointed ?? current ?? zoomed ?? widest];
  const whole = frames.reduce((sum, frame) => sum + (frame.parent === -1 ? frame.value : 0), 0);
  return (
    <section className="trace-flame panel" aria-label="Flame graph">
      <header>
        <Choice label="What a bar is as wide as" value={by} options={OPTIONS} onChange={onBy} />
        <p className="faint">{MEANING[by]}</p>
      </header>
      <p className="flame-told" aria-live="polite">
        {told !== undefined && <Told frame={told} whole={whole} by={by} />}
      </p>
      <div className="trace-flame-scroll">
        <div
          className="trace-flame-frames"
          role="application"
          tabIndex={0}
          aria-label="Frames: arrows go from one to the next, space looks at one alone, enter opens its longest span"
          data-own-arrows
          onKeyDown={onKeyDown}
          onClick={event => focusOn(placeAt(event))}
          onMouseMove={event => setPointed(placeAt(event))}
          onMouseLeave={() => setPointed(null)}
        >
          <Canvas className="trace-flame-canvas" draw={draw} height={height} />
        </div>
      </div>
    </section>
  );
}

function longestOf({ spans }: FlameFrame, { start, end }: Layout): number {
  const length = (index: number) => (end[index] as number) - (start[index] as number);
  return spans.reduce((most, span) => (length(span) > length(most) ? span : most), spans[0] ?? 0);
}

interface ToldProps {
  readonly frame: FlameFrame;
  readonly whole: number;
  readonly by: Measure;
}

/** `SELECT stock of inventory: 1.2 s in 42 spans, 12 % of all; itself 1.1 s`. */
function Told({ frame, whole, by }: ToldProps): JSX.Element {
  const what = by === "critical" ? "waited for" : "in all";
  return (
    <>
      <strong>{frame.name}</strong> <span className="quiet">{frame.service}</span>: {formatNanos(frame.value)} {what},{" "}
      {formatShare(frame.value, whole)}; itself {formatNanos(frame.own)};{" "}
      {frame.spans.length === 1 ? "one span" : `${formatCount(frame.spans.length)} spans`}
      {frame.failed > 0 && <span className="bad">, {plural(frame.failed, "failure")}</span>}
    </>
  );
}
