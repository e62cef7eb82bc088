/** What else narrows a list down: each filter that is set is a chip that takes it away, and a form sets more. */

import { type FormEvent, type JSX, useId, useRef, useState } from "react";

import { formatClock, formatDay, formatDuration, formatRound } from "../../base/format.ts";
import { between, MINUTE, type Nanos, nanos } from "../../base/time.ts";
import type { Box } from "../../model/comparison.ts";
import { lengthTyped } from "../../model/length-text.ts";
import { Icon } from "../../widgets/Icon.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { boxListed, type InvocationsSearch } from "./url.ts";
import "./more-filters.css";

interface MoreFiltersProps {
  readonly search: InvocationsSearch;
  readonly versions: readonly string[];
  readonly onSearch: (search: InvocationsSearch) => void;
}

export function MoreFilters({ search, versions, onSearch }: MoreFiltersProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const opener = useRef<HTMLButtonElement>(null);
  const close = () => {
    setOpen(false);
    opener.current?.focus();
  };
  useKeys("Filter", [{ keys: ["f"], does: "filter by length, version or error", run: () => setOpen(true) }]);
  return (
    <div className="more-filters">
      {filtersSet(search).map(({ text, without }) => (
        <button
          type="button"
          className="chip"
          key={text}
          aria-label={`Take away: ${text}`}
          onClick={() => onSearch(without)}
        >
          {text}
          <Icon name="close" />
        </button>
      ))}
      <button
        ref={opener}
        type="button"
        className="chip chip-add"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
      >
        + filter <kbd>f</kbd>
      </button>
      {isOpen && (
        <Form
          search={search}
          versions={versions}
          onDone={next => {
            if (next !== null) onSearch(next);
            close();
          }}
        />
      )}
    </div>
  );
}

interface FilterSet {
  readonly text: string;
  /** What is asked once it is taken away. */
  readonly without: InvocationsSearch;
}

function filtersSet(search: InvocationsSearch): FilterSet[] {
  const { min, max, version, error } = search;
  const box = boxListed(search);
  const { min: _min, ...withoutMin } = search;
  const { max: _max, ...withoutMax } = search;
  const { version: _version, ...withoutVersion } = search;
  const { error: _error, ...withoutError } = search;
  const { after: _after, before: _before, ...withoutTime } = search;
  const { min: _, ...withoutLengths } = withoutMax;
  const found: (FilterSet | null)[] = [
    box === null ? null : { text: timesOf(box), without: withoutTime },
    min !== undefined && max !== undefined
      ? { text: `${lengthOf(min)} – ${lengthOf(max)}`, without: withoutLengths }
      : min !== undefined
        ? { text: `${lengthOf(min)} or longer`, without: withoutMin }
        : max !== undefined
          ? { text: `${lengthOf(max)} or shorter`, without: withoutMax }
          : null,
    version === undefined ? null : { text: `version ${version}`, without: withoutVersion },
    error === undefined ? null : { text: `error ${error}`, without: withoutError },
  ];
  return found.filter(one => one !== null);
}

const lengthOf = (text: string): string => formatDuration(nanos(BigInt(text)));

/** To the second where it is shorter than ten minutes. */
export function timesOf({ since, until }: Box): string {
  const digits = between(since, until) < 10n * MINUTE ? 8 : 5;
  const clock = (moment: Box["since"]) => formatClock(moment).slice(0, digits);
  const day = formatDay(since) === formatDay(until) ? "" : `${formatDay(until).slice(5)} `;
  return `${day === "" ? "" : `${formatDay(since).slice(5)} `}${clock(since)} – ${day}${clock(until)}`;
}

interface FormProps {
  readonly search: InvocationsSearch;
  readonly versions: readonly string[];
  /** Null where nothing is changed. */
  readonly onDone: (search: InvocationsSearch | null) => void;
}

function Form({ search, versions, onDone }: FormProps): JSX.Element {
  const [wrong, setWrong] = useState<readonly string[]>([]);
  const list = useId();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const fields = new FormData(event.currentTarget);
    const text = (name: string) => String(fields.get(name) ?? "").trim();
    const min = lengthIn(text("min"), search.min);
    const max = lengthIn(text("max"), search.max);
    const isTurned = isLength(min) && isLength(max) && min > max;
    const mistaken = [...(min === "wrong" ? ["min"] : []), ...(max === "wrong" || isTurned ? ["max"] : [])];
    setWrong(mistaken);
    if (mistaken.length > 0) {
      event.currentTarget.querySelector<HTMLElement>(`[name=${mistaken[0]}]`)?.focus();
      return;
    }
    const { min: _min, max: _max, version: _version, error: _error, ...rest } = search;
    const [version, error] = [text("version"), text("error")];
    onDone({
      ...rest,
      ...(isLength(min) && { min: String(min) }),
      ...(isLength(max) && { max: String(max) }),
      ...(version !== "" && { version }),
      ...(error !== "" && { error }),
    });
  };
  const length = (name: "min" | "max", title: string) => (
    <label>
      {title}
      <input
        name={name}
        defaultValue={typedAs(search[name])}
        placeholder="400ms"
        autoComplete="off"
        spellCheck={false}
        // biome-ignore lint/a11y/noAutofocus: somebody just asked for it
        autoFocus={name === "min"}
        aria-invalid={wrong.includes(name)}
        aria-describedby={wrong.includes(name) ? `${list}-wrong` : undefined}
      />
    </label>
  );
  return (
    <form
      className="filter-form"
      aria-label="Filter"
      onSubmit={submit}
      onKeyDown={event => {
        if (event.key === "Escape") onDone(null);
      }}
    >
      {length("min", "At least")}
      {length("max", "At most")}
      <label>
        Version
        <input name="version" defaultValue={search.version} list={list} autoComplete="off" spellCheck={false} />
      </label>
      <datalist id={list}>
        {versions.map(version => (
          <option key={version} value={version} />
        ))}
      </datalist>
      <label>
        Type of error
        <input
          name="error"
          defaultValue={search.error}
          placeholder="ValueError"
          autoComplete="off"
          spellCheck={false}
        />
      </label>
      <button type="submit" className="button">
        Filter
      </button>
      {wrong.length > 0 && (
        <p className="filter-wrong" id={`${list}-wrong`} role="alert">
          {wrong.includes("min") || wrong.length > 1
            ? "A length is a number and a unit, such as 400ms or 1.5s."
            : "The longest is a length, such as 1.5s, and no shorter than the shortest."}
        </p>
      )}
    </form>
  );
}

const typedAs = (text: string | undefined): string => (text === undefined ? "" : formatRound(Number(text)));
const isLength = (length: Nanos | "wrong" | null): length is Nanos => length !== null && length !== "wrong";

/** What was not touched stays to the nanosecond. */
function lengthIn(text: string, before: string | undefined): Nanos | "wrong" | null {
  if (text === "") return null;
  if (before !== undefined && text === typedAs(before)) return nanos(BigInt(before));
  return lengthTyped(text) ?? "wrong";
}
