import { type JSX, useEffect, useRef } from "react";

import { formatCount } from "../../base/format.ts";
import type { Completion, Suggestion, SuggestionKind } from "../../model/query-text.ts";

interface SuggestionBoxProps {
  readonly id: string;
  readonly optionId: (at: number) => string;
  readonly completion: Completion;
  /** -1 for none. */
  readonly chosen: number;
  /** How far the line is scrolled, in pixels. */
  readonly scrolled: number;
  readonly onTake: (suggestion: Suggestion) => void;
}

const KINDS: Readonly<Record<SuggestionKind, string>> = {
  step: "step",
  intrinsic: "of every span",
  scope: "scope",
  attribute: "attribute",
  operator: "operator",
  constant: "constant",
  value: "value",
};

/** What may come next, under the place where it would stand. */
export function SuggestionBox(props: SuggestionBoxProps): JSX.Element {
  const { id, optionId, completion, chosen, scrolled, onTake } = props;
  const list = useRef<HTMLDivElement>(null);
  useEffect(() => {
    list.current?.children[Math.max(0, chosen)]?.scrollIntoView({ block: "nearest" });
  }, [chosen]);
  const left = `clamp(0px, calc(${completion.replaced.from}ch + 22px - ${Math.round(scrolled)}px), calc(100% - 420px))`;
  return (
    <div className="suggestions" style={{ left }}>
      <div id={id} ref={list} role="listbox" aria-label="What may come next">
        {completion.suggestions.map((one, at) => (
          <div
            key={`${one.kind} ${one.text}`}
            id={optionId(at)}
            role="option"
            // The line keeps the focus.
            tabIndex={-1}
            aria-selected={at === chosen}
            onMouseDown={event => {
              event.preventDefault();
              onTake(one);
            }}
          >
            <code>{one.text}</code>
            <span>
              {KINDS[one.kind]}
              {one.count !== null && ` · ${formatCount(one.count)}`}
            </span>
          </div>
        ))}
      </div>
      <p aria-hidden="true">
        <kbd>↑</kbd>
        <kbd>↓</kbd> choose <kbd>tab</kbd> take <kbd>enter</kbd> {chosen < 0 ? "search" : "take"} <kbd>esc</kbd> close
      </p>
    </div>
  );
}
