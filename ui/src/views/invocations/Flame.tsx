/** Where the time of these went, and how much of it the rest spend as well: their critical paths as one flame. */

import type { UseQueryResult } from "@tanstack/react-query";
import { type JSX, useState } from "react";

import { formatDuration, formatOffset } from "../../base/format.ts";
import { type Cell, cellsOf, type Frame, isStart, ownDifferences, type PathComparison } from "../../model/flame.ts";
import { Waiting } from "../../widgets/Notice.tsx";

const ROW = 22;
/** Of the whole width: a name in less is not read. */
const NAMED = 0.06;

export function Flame({ query }: { readonly query: UseQueryResult<PathComparison> }): JSX.Element {
  return (
    <section className="flame" aria-labelledby="flame-title" aria-busy={query.isFetching}>
      <h3 id="flame-title">Where their time went</h3>
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
  const [pointed, setPointed] = useState<number | null>(null);
  const cells = cellsOf(of);
  const depth = Math.max(0, ...cells.map(cell => cell.depth + 1));
  const shown = of.frames[pointed ?? 0];
  return (
    <>
      <div
        className="flame-cells"
        style={{ height: depth * ROW }}
        role="group"
        aria-label="The path of these, from the invocation down"
        onPointerLeave={() => setPointed(null)}
      >
        {cells.map(cell => {
          const frame = of.frames[cell.place];
          if (frame === undefined) return null;
          return <CellButton key={cell.place} cell={cell} frame={frame} onPoint={() => setPointed(cell.place)} />;
        })}
      </div>
      {shown !== undefined && (
        <p className="flame-told" aria-live="polite">
          <strong>{shown.name}</strong> {told(shown)}
        </p>
      )}
      <ol className="flame-differences" aria-label="What differs most by itself">
        {ownDifferences(of).map(({ place, selected, rest }) => (
          <li key={place}>
            <span className={selected < rest ? "less" : "more"}>{formatOffset(Number(selected - rest))}</span>
            <span>{of.frames[place]?.name}</span>
            <span className="sub">
              {formatDuration(selected)}, the rest {formatDuration(rest)}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

interface CellButtonProps {
  readonly cell: Cell;
  readonly frame: Frame;
  readonly onPoint: () => void;
}

function CellButton({ cell, frame, onPoint }: CellButtonProps): JSX.Element {
  const percent = (part: number) => `${(part * 100).toFixed(3)}%`;
  return (
    <button
      type="button"
      className={isStart(frame) ? "flame-cell start" : "flame-cell"}
      style={{ left: percent(cell.from), top: cell.depth * ROW, width: percent(cell.width), height: ROW - 1 }}
      aria-label={`${frame.name}: ${told(frame)}`}
      onPointerEnter={onPoint}
      onFocus={onPoint}
    >
      <span className="flame-more" style={{ left: percent(cell.common) }} />
      {cell.width >= NAMED && <span className="flame-name">{frame.name}</span>}
    </button>
  );
}

const told = ({ selected, rest }: Frame): string =>
  `${formatDuration(selected)}, of the rest ${formatDuration(rest)}: ${formatOffset(Number(selected - rest))}`;
