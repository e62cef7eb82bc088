import type { JSX } from "react";

import type { Invocation } from "../../model/invocation.ts";
import { type Reason, reasons } from "../../model/reasons.ts";
import type { Trace } from "../../model/trace.ts";
import { Icon, type IconName } from "../../widgets/Icon.tsx";

interface ReasonsProps {
  readonly invocation: Invocation;
  readonly trace: Trace;
  /** Goes to a span. */
  readonly show: (span: number) => void;
}

const ICONS: Readonly<Record<Reason["kind"], IconName>> = { failure: "close", cold: "snow", missing: "ghost" };

/** Why it failed and what else is worth knowing, a sentence each. */
export function Reasons({ invocation, trace, show }: ReasonsProps): JSX.Element | null {
  const found = reasons(invocation, trace);
  if (found.length === 0) return null;
  return (
    <ul className="reasons" aria-label="What is known about it">
      {found.map(reason => (
        <li key={`${reason.title}${reason.text}`} className={`reason reason-${reason.kind}`}>
          <Icon name={ICONS[reason.kind]} />
          <div>
            <strong>{reason.title}</strong> <span>{reason.text}</span>{" "}
            {reason.span !== null && <Show span={reason.span} show={show} />}
          </div>
        </li>
      ))}
    </ul>
  );
}

function Show({ span, show }: { readonly span: number; readonly show: (span: number) => void }): JSX.Element {
  return (
    <button type="button" className="link" onClick={() => show(span)}>
      show the span
    </button>
  );
}
