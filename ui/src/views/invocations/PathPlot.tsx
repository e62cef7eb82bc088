/** On what the time of a step went, in the mean of its invocations: groups on top of each other, on the range above. */

import { type JSX, type KeyboardEvent, type PointerEvent, useCallback, useMemo, useState } from "react";

import type { PathInRange } from "../../api/queries.ts";
import { formatCount, formatDuration, formatMinute, plural } from "../../base/format.ts";
import { longest, nanos } from "../../base/time.ts";
import {
  type Between,
  columnsOf,
  GROUP_TEXT,
  groupsIn,
  type PathColumn,
  type PathGroup,
} from "../../model/function-path.ts";
import { type Steps, startOf, stepsOf, stepsWithin } from "../../model/steps.ts";
import { Canvas, type Surface, tokenColours } from "../../widgets/Canvas.tsx";
import { TimeMarks } from "../../widgets/TimeMarks.tsx";

const HEIGHT = 132;
/** Narrower steps stand without a gap between them. */
const GAPPED = 4;

/** As in the style sheet. */
const TOKENS: Readonly<Record<PathGroup, string>> = {
  own: "--service-0",
  calls: "--service-1",
  start: "--cold",
  queue: "--warn",
  platform: "--service-7",
};

export function PathPlot({ of: { of, from, to } }: { readonly of: PathInRange }): JSX.Element {
  const steps = useMemo(() => stepsOf(from, to, of.step), [from, to, of.step]);
  const columns = useMemo(() => columnsOf(steps, of), [steps, of]);
  const draw = useCallback(
    (surface: Surface) => drawPath(surface, columns, steps, of.missing),
    [columns, steps, of.missing],
  );
  const [at, point] = useState<number | null>(null);
  const pointed = columns.find(({ step }) => step === at);
  const most = longest(columns.map(({ total }) => total));

  const onPointerMove = (event: PointerEvent<HTMLElement>) => {
    const box = event.currentTarget.getBoundingClientRect();
    point(Math.floor(((event.clientX - box.left) / box.width) * steps.count));
  };
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const next = moved(event.key, columns, at);
    if (next === null) return;
    event.preventDefault();
    point(next);
  };
  return (
    <div className="time-spent-chart">
      <div className="steps-chart">
        <div className="steps-lengths" aria-hidden="true">
          <span title="The longest mean of a step" style={{ top: 6 }}>
            {formatDuration(most)}
          </span>
          <span style={{ top: HEIGHT - 4 }}>0</span>
        </div>
        <div
          className="path-plot"
          role="slider"
          tabIndex={0}
          data-own-arrows
          aria-label="On what the time of each step went"
          aria-valuemin={1}
          aria-valuemax={steps.count}
          aria-valuenow={(pointed?.step ?? steps.count - 1) + 1}
          aria-valuetext={pointed === undefined ? "none" : told(pointed, steps)}
          onPointerMove={onPointerMove}
          onPointerDown={onPointerMove}
          onPointerLeave={({ pointerType }) => {
            // A finger that is lifted leaves, too: what it pointed at stays told.
            if (pointerType === "mouse") point(null);
          }}
          onKeyDown={onKeyDown}
          onBlur={() => point(null)}
        >
          <Canvas className="steps-canvas" draw={draw} height={HEIGHT} />
          {pointed !== undefined && (
            <div
              className="step-cursor"
              style={{
                left: `${((pointed.step / steps.count) * 100).toFixed(3)}%`,
                width: `${(100 / steps.count).toFixed(3)}%`,
              }}
            />
          )}
        </div>
        <TimeMarks from={steps.first} to={startOf(steps, steps.count)} />
      </div>
      <ul className="legend" aria-hidden="true">
        {groupsIn(of).map(group => (
          <Named key={group} kind={group} name={GROUP_TEXT[group]} />
        ))}
        {of.missing.length > 0 && <Named kind="missing" name="not derived" />}
      </ul>
      <p className="path-told">
        {pointed === undefined ? <span className="faint">Point at a step for its numbers.</span> : told(pointed, steps)}
      </p>
    </div>
  );
}

function Named({ kind, name }: { readonly kind: PathGroup | "missing"; readonly name: string }): JSX.Element {
  return (
    <li>
      <svg className="legend-box" viewBox="0 0 10 12" aria-hidden="true">
        <rect className={`path-${kind}`} y={1} width={10} height={10} />
      </svg>
      {name}
    </li>
  );
}

/** `14:05 – 14:10: 312 ms; own work 143 ms, calls 169 ms; 100 of 1,240 invocations looked at`. */
function told({ step, total, layers, point }: PathColumn, steps: Steps): string {
  const times = `${formatMinute(startOf(steps, step))} – ${formatMinute(startOf(steps, step + 1))}`;
  const parts = layers
    .map(({ group, from, to }) => `${GROUP_TEXT[group]} ${formatDuration(nanos(to - from))}`)
    .toReversed();
  const some = point.lookedAt < point.invocations ? `${formatCount(point.lookedAt)} of ` : "";
  return `${times}: ${formatDuration(total)}; ${parts.join(", ")}; ${some}${plural(point.invocations, "invocation")} looked at`;
}

/** The step that a key leads to; null where it leads nowhere. */
function moved(key: string, columns: readonly PathColumn[], at: number | null): number | null {
  switch (key) {
    case "ArrowLeft":
      return columns.findLast(({ step }) => at === null || step < at)?.step ?? at;
    case "ArrowRight":
      return columns.find(({ step }) => at !== null && step > at)?.step ?? at ?? columns.at(-1)?.step ?? null;
    case "Home":
      return columns[0]?.step ?? null;
    case "End":
      return columns.at(-1)?.step ?? null;
    default:
      return null;
  }
}

function drawPath(
  { context, width }: Surface,
  columns: readonly PathColumn[],
  steps: Steps,
  missing: readonly Between[],
): void {
  const colours = tokenColours({ ...TOKENS, line: "--line" });
  const most = Math.max(1, ...columns.map(({ total }) => Number(total)));
  const each = width / steps.count;
  const top = (length: bigint) => HEIGHT - 1 - (Number(length) / most) * (HEIGHT - 2);
  context.fillStyle = colours.line;
  context.fillRect(0, 0, width, 1);
  context.fillRect(0, HEIGHT - 1, width, 1);
  context.globalAlpha = 0.45;
  for (const { from, to } of missing) {
    const found = stepsWithin(steps, from, to);
    if (found !== null) context.fillRect(found[0] * each, 0, (found[1] - found[0] + 1) * each, HEIGHT);
  }
  context.globalAlpha = 1;
  for (const { step, layers } of columns) {
    // From pixel to pixel: edges in between would draw lines between the layers.
    const left = Math.round(step * each);
    const right = Math.max(left + 1, Math.round((step + 1) * each) - (each >= GAPPED ? 1 : 0));
    for (const { group, from, to } of layers) {
      const [above, below] = [Math.round(top(to)), Math.round(top(from))];
      context.fillStyle = colours[group];
      context.fillRect(left, above, right - left, Math.max(1, below - above));
    }
  }
}
