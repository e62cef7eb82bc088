import type { JSX } from "react";

import type { Connection } from "../../model/tail.ts";
import { Moment } from "../../widgets/Moment.tsx";

interface ConnectionStateProps {
  readonly of: Connection;
  readonly isPaused: boolean;
  readonly isFailed: boolean;
}

/** Where the tail stands, in words; told to those who can't see it when it changes. */
export function ConnectionState({ of, isPaused, isFailed }: ConnectionStateProps): JSX.Element {
  const tone = isFailed || of.kind === "reconnecting" || of.kind === "full" ? "away" : isPaused ? "paused" : of.kind;
  return (
    <p className={`tail-state tail-${tone}`} role="status">
      <span className="tail-dot" aria-hidden="true" />
      <span>{isFailed ? "Not followed" : <Words of={of} isPaused={isPaused} />}</span>
    </p>
  );
}

function Words({ of, isPaused }: { readonly of: Connection; readonly isPaused: boolean }): JSX.Element {
  switch (of.kind) {
    case "connecting":
      return <>Connecting</>;
    case "open":
      return <>{isPaused ? "Paused" : "Following"}</>;
    case "waiting":
      return <>The store does not answer; waiting for it</>;
    case "full":
      return (
        <span title={of.why}>
          Too many follow already; trying again since <Moment at={of.since} form="clock" />
        </span>
      );
    case "reconnecting":
      return (
        <span title={of.why ?? undefined}>
          Reconnecting since <Moment at={of.since} form="clock" />
          {of.why !== null && <span className="hidden">: {of.why}</span>}
        </span>
      );
  }
}
