/** Fields of forms: a name, a hint, and what the server said is wrong. */

import { type JSX, type ReactNode, useEffect, useId, useRef, useState } from "react";

import "./forms.css";

interface Common {
  readonly label: string;
  readonly hint?: ReactNode;
  /** What is wrong with it. */
  readonly mistakes?: readonly string[] | undefined;
  /** As wide as the form. */
  readonly wide?: boolean;
}

interface FrameProps extends Common {
  readonly id: string;
  readonly children: ReactNode;
}

function Frame({ id, label, hint, mistakes, wide, children }: FrameProps): JSX.Element {
  return (
    <div className={wide ? "form-field wide" : "form-field"}>
      <label htmlFor={id}>{label}</label>
      {children}
      <div id={`${id}-said`}>
        {mistakes?.map(mistake => (
          <p key={mistake} className="form-mistake">
            {mistake}
          </p>
        ))}
        {hint !== undefined && <p className="form-hint">{hint}</p>}
      </div>
    </div>
  );
}

interface TextFieldProps extends Common {
  readonly value: string;
  readonly onChange: (value: string) => void;
  readonly placeholder?: string;
  readonly type?: "text" | "password" | "url" | "datetime-local";
  readonly lines?: number;
  readonly isRequired?: boolean;
  /** Takes the focus where it comes up. */
  readonly hasFocus?: boolean;
}

export function TextField({
  value,
  onChange,
  placeholder,
  type,
  lines,
  isRequired,
  hasFocus,
  ...frame
}: TextFieldProps): JSX.Element {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (hasFocus) field.current?.focus();
  }, [hasFocus]);
  const common = {
    id,
    value,
    placeholder,
    required: isRequired,
    spellCheck: false,
    autoComplete: "off",
    "aria-invalid": (frame.mistakes?.length ?? 0) > 0,
    "aria-describedby": `${id}-said`,
  };
  return (
    <Frame id={id} {...frame}>
      {lines === undefined ? (
        <input type={type ?? "text"} {...common} ref={field} onChange={event => onChange(event.target.value)} />
      ) : (
        <textarea rows={lines} {...common} onChange={event => onChange(event.target.value)} />
      )}
    </Frame>
  );
}

interface SelectFieldProps<Value extends string> extends Common {
  readonly value: Value;
  readonly options: readonly { readonly value: Value; readonly label: string }[];
  readonly onChange: (value: Value) => void;
  readonly isDisabled?: boolean;
}

export function SelectField<Value extends string>(props: SelectFieldProps<Value>): JSX.Element {
  const { value, options, onChange, isDisabled, ...frame } = props;
  const id = useId();
  return (
    <Frame id={id} {...frame}>
      <select
        id={id}
        value={value}
        disabled={isDisabled}
        aria-invalid={(frame.mistakes?.length ?? 0) > 0}
        aria-describedby={`${id}-said`}
        onChange={event => {
          const chosen = options.find(option => option.value === event.target.value);
          if (chosen !== undefined) onChange(chosen.value);
        }}
      >
        {options.map(option => (
          <option key={option.value} value={option.value}>
            {option.label}
          </option>
        ))}
      </select>
    </Frame>
  );
}

interface CheckProps {
  readonly label: ReactNode;
  readonly value: boolean;
  readonly onChange: (value: boolean) => void;
}

export function Check({ label, value, onChange }: CheckProps): JSX.Element {
  return (
    <label className="check">
      <input type="checkbox" checked={value} onChange={event => onChange(event.target.checked)} />
      {label}
    </label>
  );
}

interface ConfirmProps {
  /** What is done, as a button says it. */
  readonly does: string;
  readonly isBusy: boolean;
  readonly onDo: () => void;
}

/** Asks once more before it does what can't be undone. */
export function Confirm({ does, isBusy, onDo }: ConfirmProps): JSX.Element {
  const [asked, setAsked] = useState(false);
  if (!asked) {
    return (
      <button type="button" className="button" onClick={() => setAsked(true)} disabled={isBusy}>
        {does}
      </button>
    );
  }
  return (
    <span className="confirm">
      <button
        type="button"
        className="button button-bad"
        // The question takes the place of what asked it.
        ref={button => button?.focus()}
        onClick={() => {
          setAsked(false);
          onDo();
        }}
        disabled={isBusy}
        onKeyDown={event => {
          if (event.key === "Escape") setAsked(false);
        }}
      >
        Yes, {does.toLowerCase()}
      </button>
      <button type="button" className="button" onClick={() => setAsked(false)}>
        No
      </button>
    </span>
  );
}
