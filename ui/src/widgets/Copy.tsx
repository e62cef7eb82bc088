import { type JSX, useEffect, useState } from "react";

import { Icon } from "./Icon.tsx";

const SHOWN_MS = 1_500;

/** Copies a text; says so for a moment. */
export function Copy({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  const [copied, setCopied] = useCopied();
  const label = copied ? `Copied ${what}` : `Copy ${what}`;
  return (
    <button type="button" className="copy" aria-label={label} title={label} onClick={() => copy(text).then(setCopied)}>
      <Icon name={copied ? "check" : "copy"} />
    </button>
  );
}

/** Copies the address of the page as it is shown. */
export function CopyLink(): JSX.Element {
  const [copied, setCopied] = useCopied();
  const label = copied ? "Copied link" : "Copy link";
  return (
    <button
      type="button"
      className="copy"
      aria-label={label}
      title={`${label} to what is shown`}
      onClick={() => copy(location.href).then(setCopied)}
    >
      <Icon name={copied ? "check" : "link"} />
    </button>
  );
}

/** Whether something was copied a moment ago. */
export function useCopied(): [boolean, (copied: boolean) => void] {
  const [copied, setCopied] = useState(false);
  useEffect(() => {
    if (!copied) return;
    const timer = setTimeout(() => setCopied(false), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [copied]);
  return [copied, setCopied];
}

/** Whether it was copied. A page from plain http on another host has no clipboard: there a selection has to do. */
export async function copy(text: string): Promise<boolean> {
  if (navigator.clipboard !== undefined) {
    return navigator.clipboard.writeText(text).then(
      () => true,
      () => false,
    );
  }
  const field = document.createElement("textarea");
  field.value = text;
  document.body.append(field);
  field.select();
  const copied = document.execCommand("copy");
  field.remove();
  return copied;
}

/** An id in full, with a button that copies it. */
export function Id({ text, what }: { readonly text: string; readonly what: string }): JSX.Element {
  return (
    <span className="id">
      <code>{text}</code>
      <Copy text={text} what={what} />
    </span>
  );
}

interface CommandProps {
  readonly text: string;
  readonly what?: string;
}

/** A command to paste into a terminal. */
export function Command({ text, what = "command" }: CommandProps): JSX.Element {
  return (
    <div className="command">
      <pre tabIndex={0}>
        <code>{text}</code>
      </pre>
      <Copy text={text} what={what} />
    </div>
  );
}
