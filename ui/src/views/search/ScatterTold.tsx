import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatClock, formatDuration, formatNanos, plural } from "../../base/format.ts";
import { after, between } from "../../base/time.ts";
import { type Box, pointsIn, type Scatter, type ScatterPoint } from "../../model/scatter.ts";
import type { LengthsOf } from "../../model/trace-search.ts";
import type { ScatterCursor } from "./scatter-cursor.ts";

interface ScatterToldProps {
  readonly scatter: Scatter;
  readonly of: LengthsOf;
  readonly cursor: ScatterCursor;
  readonly onNarrow: (box: Box) => void;
}

/** What is pointed at, or chosen, in words. */
export function ScatterTold({ scatter, of, cursor, onNarrow }: ScatterToldProps): JSX.Element {
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

/** Where a point leads. */
export function traceOf({ traceId, spanId }: ScatterPoint) {
  return {
    to: "/traces/$traceId" as const,
    params: { traceId },
    search: spanId === null ? {} : { span: spanId, details: "open" as const },
  };
}
