/** Two traces as one table, path by path: a bar for each on one axis of time, and how much longer this one took. */

import { Link } from "@tanstack/react-router";
import { type JSX, useMemo } from "react";

import { isTraceId } from "../../api/queries.ts";
import { formatCount, formatNanos, formatOffset } from "../../base/format.ts";
import { type ComparedPath, compareTraces, mostDifferent, type PathSide } from "../../model/compare-traces.ts";
import { layOut } from "../../model/layout.ts";
import type { Trace } from "../../model/trace.ts";

/** More paths than this nobody reads. */
const SHOWN = 300;
/** Deeper ones are not moved further to the right. */
const DEEPEST = 10;

interface ComparedPathsProps {
  readonly trace: Trace;
  readonly other: Trace;
  /** Of the other. */
  readonly id: string;
  readonly told: string;
  readonly show: (index: number) => void;
}

export function ComparedPaths({ trace, other, id, told, show }: ComparedPathsProps): JSX.Element {
  const [here, there] = useMemo(() => [layOut(trace), layOut(other)], [trace, other]);
  const all = useMemo(
    () => compareTraces({ trace, layout: here }, { trace: other, layout: there }),
    [trace, here, other, there],
  );
  const paths = useMemo(() => mostDifferent(all, SHOWN), [all]);
  const length = Math.max(here.length, there.length);
  const most = paths.reduce((widest, path) => Math.max(widest, Math.abs(path.difference)), 1);
  return (
    <>
      <p className="compare-told">
        This one took {formatNanos(here.length)},{" "}
        {isTraceId(id) ? (
          <Link to="/traces/$traceId" params={{ traceId: id }} search={{}}>
            {told}
          </Link>
        ) : (
          <Link to="/invocations/$requestId" params={{ requestId: id }} search={{}}>
            {told}
          </Link>
        )}
        {" took "}
        {formatNanos(there.length)}: <strong>{differenceText(here.length - there.length)}</strong>.
        {paths.length < all.length && (
          <span className="faint">
            {" "}
            Shown are {formatCount(paths.length)} of {formatCount(all.length)} paths, those that differ most.
          </span>
        )}
      </p>
      <ul className="legend" aria-label="What the bars mean">
        <li>
          <svg viewBox="0 0 26 12" aria-hidden="true">
            <rect className="compare-this" x={0} y={3} width={26} height={6} />
          </svg>
          this one
        </li>
        <li>
          <svg viewBox="0 0 26 12" aria-hidden="true">
            <rect className="compare-other" x={0} y={3} width={26} height={6} />
          </svg>
          the other
        </li>
      </ul>
      <div className="compare-scroll">
        <table className="compare-table" aria-label="Differences by path">
          <thead>
            <tr>
              <th scope="col">Path</th>
              <th scope="col" className="end">
                This
              </th>
              <th scope="col" className="end">
                Other
              </th>
              <th scope="col" className="end">
                Longer
              </th>
              <th scope="col" className="compare-bars">
                Both from their starts
              </th>
            </tr>
          </thead>
          <tbody>
            {paths.map((path, place) => (
              <PathRow key={place} path={path} length={length} most={most} show={show} />
            ))}
          </tbody>
        </table>
      </div>
    </>
  );
}

interface PathRowProps {
  readonly path: ComparedPath;
  /** Of the longer trace. */
  readonly length: number;
  /** The greatest difference. */
  readonly most: number;
  readonly show: (index: number) => void;
}

function PathRow({ path, length, most, show }: PathRowProps): JSX.Element {
  const { this: here, other, difference } = path;
  const isTelling = Math.abs(difference) >= most * 0.2;
  return (
    <tr className={isTelling ? "telling" : undefined}>
      <td style={{ paddingLeft: 8 + Math.min(path.depth, DEEPEST) * 13 }}>
        {here === null ? (
          <span className="faint">{path.name}</span>
        ) : (
          <button type="button" className="link" onClick={() => show(here.span)}>
            {path.name}
          </button>
        )}{" "}
        <span className="faint">{path.service}</span>
        {here === null && <span className="sign">only the other</span>}
        {other === null && <span className="sign">only this</span>}
      </td>
      <Side of={here} />
      <Side of={other} />
      <td className={difference > 0 && isTelling ? "end bad" : "end"}>
        {difference === 0 ? "0" : formatOffset(difference)}
      </td>
      <td className="compare-bars">
        <svg aria-hidden="true">
          <SideBar of={here} length={length} top={3} kind="compare-this" />
          <SideBar of={other} length={length} top={11} kind="compare-other" />
        </svg>
      </td>
    </tr>
  );
}

function Side({ of }: { readonly of: PathSide | null }): JSX.Element {
  if (of === null) return <td className="end faint">none</td>;
  return (
    <td className="end">
      {of.count > 1 && <span className="faint">{formatCount(of.count)} × </span>}
      {formatNanos(of.total)}
      {of.failed > 0 && <span className="hidden">, {of.failed} failed</span>}
    </td>
  );
}

interface SideBarProps {
  readonly of: PathSide | null;
  readonly length: number;
  readonly top: number;
  readonly kind: string;
}

function SideBar({ of, length, top, kind }: SideBarProps): JSX.Element | null {
  if (of === null) return null;
  const percent = (value: number) => `${((value / length) * 100).toFixed(3)}%`;
  const width = percent(Math.max(of.to - of.from, length / 400));
  return (
    <rect className={of.failed > 0 ? `${kind} failed` : kind} x={percent(of.from)} y={top} width={width} height={6} />
  );
}

/** `1.2 s longer`. */
function differenceText(difference: number): string {
  if (difference === 0) return "as long";
  return `${formatNanos(Math.abs(difference))} ${difference > 0 ? "longer" : "shorter"}`;
}
