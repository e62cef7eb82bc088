import type { JSX, RefObject } from "react";

import { Icon } from "./Icon.tsx";
import { useKeys } from "./keys.ts";

interface SearchFieldProps {
  readonly ref: RefObject<HTMLInputElement | null>;
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** After Enter with what was typed, after Escape with nothing; the field gives the focus back. */
  readonly onDone?: (typed: string) => void;
  /** The id of a list of what may be meant. */
  readonly list?: string;
  /** Whether `/` goes to it; of several on a page to one only. */
  readonly isKeyed?: boolean;
}

/** A filter; `/` goes to it, Escape empties it, Enter leaves it. */
export function SearchField({
  ref,
  label,
  value,
  onChange,
  onDone,
  list,
  isKeyed = true,
}: SearchFieldProps): JSX.Element {
  useKeys("Filter", isKeyed ? [{ keys: ["/"], does: label.toLowerCase(), run: () => ref.current?.focus() }] : []);
  return (
    <label className="field">
      <Icon name="search" />
      <span className="hidden">{label}</span>
      <input
        ref={ref}
        type="search"
        value={value}
        placeholder={label}
        spellCheck={false}
        autoComplete="off"
        list={list}
        onChange={event => onChange(event.target.value)}
        onKeyDown={event => {
          const isEmptied = event.key === "Escape";
          if (isEmptied) onChange("");
          if (!isEmptied && event.key !== "Enter") return;
          event.preventDefault();
          event.currentTarget.blur();
          onDone?.(isEmptied ? "" : event.currentTarget.value);
        }}
      />
      {isKeyed && <kbd aria-hidden="true">/</kbd>}
    </label>
  );
}
