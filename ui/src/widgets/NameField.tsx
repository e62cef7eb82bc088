import { type JSX, useEffect, useId, useRef, useState } from "react";

import { SearchField } from "./SearchField.tsx";

/** Asking for every letter would be asking too often: it waits until the typing stops. */
const PAUSE_MS = 300;

interface NameFieldProps {
  readonly label: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
  /** What may be meant, to choose from. */
  readonly names?: readonly string[];
  readonly isKeyed?: boolean;
}

/** A filter that the API answers. */
export function NameField({ label, value, onChange, names = [], isKeyed = true }: NameFieldProps): JSX.Element {
  const [typed, setTyped] = useState(value);
  const field = useRef<HTMLInputElement>(null);
  const change = useRef(onChange);
  const list = useId();
  useEffect(() => {
    change.current = onChange;
  });
  useEffect(() => setTyped(value), [value]);
  useEffect(() => {
    if (typed === value) return;
    const timer = setTimeout(() => change.current(typed), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [typed, value]);
  return (
    <>
      <SearchField ref={field} label={label} value={typed} onChange={setTyped} list={list} isKeyed={isKeyed} />
      <datalist id={list}>
        {names.map(name => (
          <option key={name} value={name} />
        ))}
      </datalist>
    </>
  );
}
