/** Where the time of these went, and how much of it the rest spend as well: their critical paths as one flame. */

import { type JSX, type KeyboardEvent, useRef, useState } from "react";

import { formatDuration, formatOffset } from "../base/format.ts";
import { nanos } from "../base/time.ts";
import {
  type Cell,
  cellsOf,
  type Direction,
  type Frame,
  isStart,
  neighbourOf,
  ownDifferences,
  type PathComparison,
} from "../model/flame.ts";
import { Waiting } from "./Notice.tsx";

const ROW = 22;
/** Of the whole width: a name in less is not read. */
const NAMED = 0.06;

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowUp: "above",
  ArrowDown: "below",
  ArrowLeft: "before",
  ArrowRight: "behind",
};

interface PathFlameProps {
  readonly query: PathQuery;
  readonly title?: string;
}

/** What is known of an answer that is waited for. */
interface PathQuery {
  readonly data: PathComparison | undefined;
  readonly error: Error | null;
  readonly isFetching: boolean;
  readonly refetch: () => unknown;
}

export function PathFlame({ query, title = "Where their time went" }: PathFlameProps): JSX.Element {
  return (
    <section className="flame" aria-labelledby="flame-title" aria-busy={query.isFetching}>
      <h3 id="flame-title">{title}</h3>
      {query.data === undefined ? (
        <Waiting error={query.error} what="paths" rows={3} retry={query.refetch} />
      ) : query.data.selected === 0 || query.data.rest === 0 ? (
        <p className="why-idle">Of one side no trace was found: there is nothing to lay over the other.</p>
      ) : (
        <Paths of={query.data} />
      )}
    </section>
  );
}

function Paths({ of }: { readonly of: PathComparison }): JSX.Element {
  const cells = cellsOf(of);
  const starts = cells.map(({ place }) => of.frames[place]).some(frame => frame !== undefined && isStart(frame));
  return (
    <>
      <p className="flame-meaning">
        A bar is as long as these take in the mean, what is below it is part of it. The coloured part is what they take
        longer than the rest.
      </p>
      <Cells of={of} cells={cells} />
      <ul className="legend" aria-hidden="true">
        <Named kind="common" name="as long as the rest" />
        <Named kind="longer" name="longer than the rest" />
        {starts && <Named kind="start" name="start of a sandbox" />}
      </ul>
      <Differences of={of} />
    </>
  );
}

function Cells({ of, cells }: { readonly of: PathComparison; readonly cells: readonly Cell[] }): JSX.Element {
  const group = useRef<HTMLDivElement>(null);
  const [focused, setFocused] = useState(0);
  const [pointed, setPointed] = useState<number | null>(null);
  const isThere = (place: number | null) => cells.some(cell => cell.place === place);
  // Another comparison has other cells.
  const stop = isThere(focused) ? focused : 0;
  const shown = of.frames[pointed !== null && isThere(pointed) ? pointed : stop];

  const onKeyDown = (event: KeyboardEvent) => {
    const direction = DIRECTIONS[event.key];
    if (direction === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = neighbourOf(of, cells, stop, direction);
    if (next !== null) group.current?.querySelector<HTMLElement>(`[data-place="${next}"]`)?.focus();
  };
  const onPoint = (place: number) => setPointed(place);
  const onFocus = (place: number) => {
    setFocused(place);
    setPointed(place);
  };
  return (
    <>
      <div
        className="flame-cells"
        ref={group}
        style={{ height: Math.max(0, ...cells.map(cell => cell.depth + 1)) * ROW }}
        role="group"
        aria-label="The path of these, from the invocation down"
        data-own-arrows
        onKeyDown={onKeyDown}
        onPointerLeave={({ pointerType }) => {
          // A finger that is lifted leaves, too: what it pointed at stays told.
          if (pointerType === "mouse") setPointed(null);
        }}
      >
        {cells.map(cell => {
          const frame = of.frames[cell.place];
          if (frame === undefined) return null;
          const isStop = cell.place === stop;
          return <CellButton key={cell.place} {...{ cell, frame, isStop, onPoint, onFocus }} />;
        })}
      </div>
      {shown !== undefined && (
        <p className="flame-told">
          <strong>{shown.name}</strong> {told(shown)}
        </p>
      )}
    </>
  );
}

interface CellButtonProps {
  readonly cell: Cell;
  readonly frame: Frame;
  /** The one that the tab key leads to. */
  readonly isStop: boolean;
  readonly onPoint: (place: number) => void;
  readonly onFocus: (place: number) => void;
}

function CellButton({ cell, frame, isStop, onPoint, onFocus }: CellButtonProps): JSX.Element {
  const percent = (part: number) => `${(part * 100).toFixed(3)}%`;
  return (
    <button
      type="button"
      className={isStart(frame) ? "flame-cell start" : "flame-cell"}
      style={{ left: percent(cell.from), top: cell.depth * ROW, width: percent(cell.width), height: ROW - 1 }}
      tabIndex={isStop ? 0 : -1}
      data-place={cell.place}
      aria-label={`${frame.name} ${told(frame)}`}
      onPointerEnter={() => onPoint(cell.place)}
      onClick={() => onPoint(cell.place)}
      onFocus={() => onFocus(cell.place)}
    >
      <span className="flame-more" style={{ left: percent(cell.common) }} />
      {cell.width >= NAMED && <span className="flame-name">{frame.name}</span>}
    </button>
  );
}

function Differences({ of }: { readonly of: PathComparison }): JSX.Element | null {
  const differences = ownDifferences(of);
  if (differences.length === 0) return null;
  return (
    <>
      <p className="flame-meaning" id="flame-differences">
        What differs most by itself, without what is below it:
      </p>
      <ol className="flame-differences" aria-labelledby="flame-differences">
        {differences.map(({ place, selected, rest }) => (
          <li key={place}>
            <strong>{formatOffset(Number(selected - rest))}</strong>
            <span>
              {of.frames[place]?.name}
              <span className="sub">{lengths({ selected, rest })}</span>
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

function Named({ kind, name }: { readonly kind: string; readonly name: string }): JSX.Element {
  return (
    <li>
      <svg className="legend-box" viewBox="0 0 10 12" aria-hidden="true">
        <rect className={`flame-legend-${kind}`} y={1} width={10} height={10} />
      </svg>
      {name}
    </li>
  );
}

type Lengths = Pick<Frame, "selected" | "rest">;

const lengths = ({ selected, rest }: Lengths): string =>
  `${formatDuration(selected)}, the rest ${rest === 0n ? "none" : formatDuration(rest)}`;

/** `1.29 s, the rest 243 ms: 1.05 s longer`. */
function told(frame: Lengths): string {
  const more = frame.selected - frame.rest;
  if (more === 0n) return lengths(frame);
  const by = formatDuration(nanos(more < 0n ? -more : more));
  return `${lengths(frame)}: ${by} ${more < 0n ? "shorter" : "longer"}`;
}
