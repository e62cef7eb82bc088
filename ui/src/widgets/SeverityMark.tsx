/** How bad an alert is: a shape and a word for each severity. */

import type { JSX } from "react";

import type { Severity } from "../model/alert.ts";

export function SeverityMark({ severity }: { readonly severity: Severity }): JSX.Element {
  return (
    <span className={`outcome severity-${severity}`}>
      <svg className="shape" viewBox="0 0 12 12" aria-hidden="true">
        {SHAPES[severity]}
      </svg>
      {severity}
    </span>
  );
}

const SHAPES: Readonly<Record<Severity, JSX.Element>> = {
  critical: (
    <>
      <path className="fill" d="M6 0.2L11.8 6 6 11.8 0.2 6z" />
      <path className="cut" d="M6 3.2v3.2M6 8.5v.2" />
    </>
  ),
  error: (
    <>
      <circle className="fill" cx="6" cy="6" r="5.5" />
      <path className="cut" d="M4 4l4 4M8 4l-4 4" />
    </>
  ),
  warning: <path className="line" d="M6 1.2L11.2 10.6H0.8zM6 4.8v2.4M6 9v.1" />,
  info: (
    <>
      <circle className="line" cx="6" cy="6" r="4.8" />
      <path className="line" d="M6 5.6v3M6 3.4v.1" />
    </>
  ),
};
