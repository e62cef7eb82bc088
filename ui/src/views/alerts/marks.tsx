/** In which phase, heard or not: a shape and a word for each. */

import type { JSX } from "react";

import type { Alert, Transition } from "../../model/alert.ts";
import type { DeliveryState } from "../../model/channel.ts";

/** What keeps an alert from being told, or that it does not fire yet. */
export function AlertMarks({ alert }: { readonly alert: Alert }): JSX.Element | null {
  const { phase, silencedBy, isInhibited } = alert;
  if (phase === "firing" && silencedBy.length === 0 && !isInhibited) return null;
  return (
    <span className="tags">
      {phase !== "firing" && <span className={`tag tag-${phase}`}>{phase}</span>}
      {silencedBy.length > 0 && (
        <span className="tag" title="A silence that is in force matches it: nobody is told">
          silenced
        </span>
      )}
      {isInhibited && (
        <span className="tag" title="A worse alert says it: nobody is told">
          inhibited
        </span>
      )}
    </span>
  );
}

export function ChangeMark({ change }: { readonly change: Transition["change"] }): JSX.Element {
  const fires = change === "firing";
  return (
    <span className={fires ? "outcome outcome-bad" : "outcome outcome-good"}>
      <svg className={fires ? "shape shape-bad" : "shape shape-good"} viewBox="0 0 12 12" aria-hidden="true">
        {fires ? <path className="fill" d="M6 1l5 9H1z" /> : <path className="line" d="M2.5 6.4l2.3 2.3 4.7-5.2" />}
      </svg>
      {fires ? "fired" : "resolved"}
    </span>
  );
}

const STATE_CLASSES: Readonly<Record<DeliveryState, string>> = {
  waiting: "outcome-open",
  delivered: "outcome-good",
  failed: "outcome-bad",
  cancelled: "quiet",
};

export function StateMark({ state }: { readonly state: DeliveryState }): JSX.Element {
  return (
    <span className={`outcome ${STATE_CLASSES[state]}`}>
      <svg className={`shape ${state === "delivered" ? "shape-good" : ""}`} viewBox="0 0 12 12" aria-hidden="true">
        {STATE_SHAPES[state]}
      </svg>
      {state}
    </span>
  );
}

const STATE_SHAPES: Readonly<Record<DeliveryState, JSX.Element>> = {
  waiting: (
    <>
      <circle className="line" cx="6" cy="6" r="4.8" />
      <path className="line" d="M6 3.2V6l2 1.4" />
    </>
  ),
  delivered: <path className="line" d="M2.5 6.4l2.3 2.3 4.7-5.2" />,
  failed: (
    <>
      <circle className="fill" cx="6" cy="6" r="5.5" />
      <path className="cut" d="M4 4l4 4M8 4l-4 4" />
    </>
  ),
  cancelled: (
    <>
      <circle className="line" cx="6" cy="6" r="4.8" />
      <path className="line" d="M3.8 6h4.4" />
    </>
  ),
};
