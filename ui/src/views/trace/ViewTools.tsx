/** What can be done with the view that is shown: find in it, see the whole again, take alike siblings together. */

import type { JSX, RefObject } from "react";

import { formatCount, plural } from "../../base/format.ts";
import { SearchField } from "../../widgets/SearchField.tsx";
import type { TraceViewProps } from "./TraceView.tsx";

interface ViewToolsProps extends Pick<TraceViewProps, "trace" | "look" | "usual" | "state" | "change"> {
  readonly field: RefObject<HTMLInputElement | null>;
  readonly onDone: () => void;
}

export function ViewTools({ trace, look, usual, state, change, field, onDone }: ViewToolsProps): JSX.Element | null {
  const { matched, layout } = look;
  const { tab } = state;
  const isTree = tab === "waterfall";
  if (!isTree && tab !== "flame" && tab !== "table" && tab !== "logs") return null;
  const groups = state.folded ? layout.sums.length : null;
  return (
    <div className="waterfall-tools">
      <SearchField
        ref={field}
        label={tab === "logs" ? "Find in lines" : "Find in spans"}
        value={state.find}
        onChange={find => change({ find })}
        onDone={onDone}
      />
      <output className="faint" aria-live="polite">
        {tab !== "logs" &&
          (matched === null
            ? plural(trace.spans.length, "span")
            : `${plural(matched, "match", "matches")} of ${formatCount(trace.spans.length)}`)}
      </output>
      {isTree && (
        <>
          {groups !== 0 && (
            <Toggle
              name="Alike together"
              keyed="x"
              does="Siblings that are alike stand in one row"
              isOn={state.folded}
              onChange={folded => change({ folded })}
            />
          )}
          <Toggle
            name="Critical path"
            keyed="p"
            does="Only what the whole waited for"
            isOn={state.onlyCritical}
            onChange={onlyCritical => change({ onlyCritical })}
          />
          {usual.operations?.isTelling && (
            <Toggle
              name="Usual lengths"
              keyed="m"
              does="Below each bar, where half and where 95 % of those like it would end"
              isOn={state.marked}
              onChange={marked => change({ marked })}
            />
          )}
          {state.view !== null && (
            <button type="button" className="button" onClick={() => change({ view: null })}>
              See the whole <kbd>0</kbd>
            </button>
          )}
          {usual.missing !== null && <span className="faint usual-missing">{usual.missing}</span>}
        </>
      )}
    </div>
  );
}

interface LegendProps {
  /** Whether bars are marked with what is usual. */
  readonly marked: boolean;
}

/** What the marks of the waterfall mean. */
export function Legend({ marked }: LegendProps): JSX.Element {
  return (
    <ul className="legend" aria-label="What the marks mean">
      <li>
        <svg viewBox="0 0 26 12" aria-hidden="true">
          <rect className="legend-thin" x={0} y={4} width={26} height={4} />
          <rect className="legend-thick" x={8} y={0} width={12} height={10} />
          <rect className="legend-critical" x={8} y={10} width={12} height={2} />
        </svg>
        critical path
      </li>
      <li>
        <svg viewBox="0 0 26 12" aria-hidden="true">
          <path className="legend-phase" d="M0 12L10 0M6 12L16 0M12 12L22 0M18 12L26 2.4" />
        </svg>
        platform's phase
      </li>
      <li>
        <svg viewBox="0 0 26 12" aria-hidden="true">
          <rect className="legend-thin" x={0} y={4} width={22} height={4} />
          <rect className="legend-error" x={22} y={0} width={4} height={12} />
        </svg>
        failed
      </li>
      {marked && (
        <li title="Others of the same service, name and kind: half of them end at the first mark, 95 % at the second">
          <svg viewBox="0 0 26 12" aria-hidden="true">
            <rect className="legend-thin" x={0} y={0} width={22} height={4} />
            <path className="legend-usual" d="M10.5 7V9.5H19.5M19.5 5V11" />
          </svg>
          usual, p50 to p95
        </li>
      )}
    </ul>
  );
}

interface ToggleProps {
  readonly name: string;
  /** The key that does the same. */
  readonly keyed: string;
  readonly does: string;
  readonly isOn: boolean;
  readonly onChange: (isOn: boolean) => void;
}

function Toggle({ name, keyed, does, isOn, onChange }: ToggleProps): JSX.Element {
  return (
    <button
      type="button"
      className="button"
      aria-pressed={isOn}
      title={`${does} (${keyed})`}
      onClick={() => onChange(!isOn)}
    >
      {name} <kbd aria-hidden="true">{keyed}</kbd>
    </button>
  );
}
