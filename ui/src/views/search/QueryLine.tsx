/** The line that a query is typed into: what may come next stands below it, and is chosen by key. */

import {
  type FormEvent,
  type JSX,
  type KeyboardEvent,
  type RefObject,
  type SyntheticEvent,
  useEffect,
  useLayoutEffect,
  useRef,
  useState,
} from "react";

import type { ApiError } from "../../api/request.ts";
import { completed, type Stretch, type Suggestion, stretchOf, type Typed } from "../../model/query-text.ts";
import type { Range } from "../../model/range.ts";
import { Icon } from "../../widgets/Icon.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { useCompletion } from "./completing.ts";
import { Mistake } from "./Mistake.tsx";
import { SuggestionBox } from "./SuggestionBox.tsx";

interface QueryLineProps {
  readonly field: RefObject<HTMLInputElement | null>;
  /** What was asked last; empty where nothing was. */
  readonly query: string;
  /** Why that is no query, where it is none. */
  readonly mistake: ApiError | null;
  readonly range: Range;
  readonly isSearching: boolean;
  readonly onRun: (query: string) => void;
}

const LIST = "query-suggestions";
const MISTAKE = "query-mistake";
const optionId = (at: number): string => `${LIST}-${at}`;

export function QueryLine({ field, query, mistake, range, isSearching, onRun }: QueryLineProps): JSX.Element {
  const [typed, type] = useState<Typed>({ text: query, at: query.length });
  const [isOpen, open] = useState(false);
  /** Which suggestion is chosen; -1 for none. */
  const [chosen, choose] = useState(-1);
  const caret = useRef<Stretch | null>(null);
  const shown = useCompletion(isOpen ? typed : null, range);

  useEffect(() => {
    type({ text: query, at: query.length });
    open(false);
  }, [query]);
  useLayoutEffect(() => {
    if (caret.current === null) return;
    field.current?.setSelectionRange(caret.current.from, caret.current.to);
    caret.current = null;
  });
  useKeys("Query", [{ keys: ["/"], does: "type a query", run: () => field.current?.focus() }]);

  const put = (next: Typed) => {
    caret.current = { from: next.at, to: next.at };
    type(next);
    choose(-1);
    open(true);
  };
  const take = (suggestion: Suggestion | undefined) => {
    if (shown !== null && suggestion !== undefined) put(completed(shown, suggestion));
  };
  const run = () => {
    open(false);
    choose(-1);
    onRun(typed.text.trim());
  };
  const close = () => {
    open(false);
    choose(-1);
  };

  const keyed = (event: KeyboardEvent<HTMLInputElement>): boolean => {
    if (event.nativeEvent.isComposing) return false;
    const { key } = event;
    const count = shown?.suggestions.length ?? 0;
    if (key === "Enter") {
      if (chosen >= 0 && count > 0 && !event.ctrlKey && !event.metaKey) take(shown?.suggestions[chosen]);
      else run();
      return true;
    }
    if (key === "ArrowDown" || key === "ArrowUp") {
      if (count === 0) open(true);
      else choose(next(chosen, count, key === "ArrowDown" ? 1 : -1));
      return true;
    }
    if (key === " " && event.ctrlKey) {
      open(true);
      return true;
    }
    if (key === "Tab" && count > 0 && !event.shiftKey) {
      take(shown?.suggestions[Math.max(0, chosen)]);
      return true;
    }
    if (key === "Escape") {
      if (isOpen) close();
      else event.currentTarget.blur();
      return true;
    }
    return false;
  };
  const placed = (event: SyntheticEvent<HTMLInputElement>) => {
    const at = event.currentTarget.selectionStart ?? typed.text.length;
    if (at === typed.at) return;
    type({ ...typed, at });
    choose(-1);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    run();
  };
  const isMistaken = mistake?.at != null && typed.text.trim() === query;
  const count = shown?.suggestions.length ?? 0;

  return (
    <search>
      <form className="query-form" onSubmit={submit}>
        <div className="query-line">
          <label className={isMistaken ? "field query-field mistaken" : "field query-field"}>
            <Icon name="search" />
            <span className="hidden">Query</span>
            <input
              ref={field}
              value={typed.text}
              placeholder="{ resource.service.name = &quot;checkout&quot; && duration > 1s }"
              spellCheck={false}
              autoComplete="off"
              autoCapitalize="off"
              autoCorrect="off"
              maxLength={32_768}
              role="combobox"
              aria-expanded={count > 0}
              aria-controls={LIST}
              aria-autocomplete="list"
              aria-activedescendant={count > 0 && chosen >= 0 ? optionId(chosen) : undefined}
              aria-invalid={isMistaken}
              aria-describedby={isMistaken ? MISTAKE : undefined}
              onChange={event => {
                const { value, selectionStart } = event.target;
                type({ text: value, at: selectionStart ?? value.length });
                choose(-1);
                open(true);
              }}
              onSelect={placed}
              onBlur={close}
              onKeyDown={event => {
                if (keyed(event)) event.preventDefault();
              }}
            />
            <kbd aria-hidden="true">/</kbd>
          </label>
          {shown !== null && count > 0 && (
            <SuggestionBox
              id={LIST}
              optionId={optionId}
              completion={shown}
              chosen={chosen}
              scrolled={field.current?.scrollLeft ?? 0}
              onTake={take}
            />
          )}
        </div>
        <button type="submit" className="button query-run" aria-busy={isSearching}>
          Search <kbd aria-hidden="true">enter</kbd>
        </button>
      </form>
      {isMistaken && mistake?.at != null && (
        <Mistake
          id={MISTAKE}
          query={query}
          at={stretchOf(query, mistake.at)}
          message={mistake.message}
          onShow={({ from, to }) => {
            field.current?.focus();
            field.current?.setSelectionRange(from, to);
          }}
        />
      )}
      <output className="hidden">{count > 0 ? `${count} suggestions` : ""}</output>
    </search>
  );
}

/** Around the list, and over the line itself, where none is chosen. */
function next(at: number, count: number, step: 1 | -1): number {
  const to = at + step;
  if (to >= count) return -1;
  return to < -1 ? count - 1 : to;
}
