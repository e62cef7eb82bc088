/** What is asked for on top of the page. Closed, the focus is where it was before. */

import { type JSX, type MouseEvent, type ReactNode, useEffect, useRef } from "react";

interface DialogProps {
  readonly className: string;
  /** The id of what names it. */
  readonly labelledBy?: string;
  readonly label?: string;
  readonly onClosed: () => void;
  readonly children: (close: () => void) => ReactNode;
}

export function Dialog({ className, labelledBy, label, onClosed, children }: DialogProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const close = () => dialog.current?.close();
  const onBackdrop = (event: MouseEvent) => {
    if (event.target === dialog.current) close();
  };
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: Escape is the dialog's own
    <dialog
      className={className}
      ref={dialog}
      onClose={onClosed}
      onClick={onBackdrop}
      aria-labelledby={labelledBy}
      aria-label={label}
    >
      {children(close)}
    </dialog>
  );
}
