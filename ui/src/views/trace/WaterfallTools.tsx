import { type JSX, type RefObject, useMemo } from "react";

import { formatCount, plural } from "../../base/format.ts";
import { SearchField } from "../../widgets/SearchField.tsx";

interface WaterfallToolsProps {
  readonly field: RefObject<HTMLInputElement | null>;
  readonly find: string;
  /** Per span whether it matches; null where nothing is looked for. */
  readonly found: Uint8Array | null;
  readonly total: number;
  readonly onFind: (find: string) => void;
  readonly onDone: () => void;
  /** Null where the whole is seen. */
  readonly onWhole: (() => void) | null;
}

/** Above the waterfall: its name, the filter, what the marks mean. */
export function WaterfallTools(props: WaterfallToolsProps): JSX.Element {
  const { field, find, found, total, onFind, onDone, onWhole } = props;
  const count = useMemo(() => found?.reduce((sum, one) => sum + one, 0) ?? null, [found]);
  return (
    <header className="waterfall-tools">
      <h2 id="waterfall-title">
        Spans <span className="note">{formatCount(total)}</span>
      </h2>
      <SearchField ref={field} label="Find in spans" value={find} onChange={onFind} onDone={onDone} />
      <output className="faint" aria-live="polite">
        {count !== null && `${plural(count, "match", "matches")} of ${formatCount(total)}`}
      </output>
      {onWhole !== null && (
        <button type="button" className="button" onClick={onWhole}>
          See the whole <kbd>0</kbd>
        </button>
      )}
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
      </ul>
    </header>
  );
}
