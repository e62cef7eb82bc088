import type { JSX } from "react";

import { type ErrorState, STATE_MEANING, STATE_TEXT } from "../model/errors.ts";

/** Whether an error is new, came back, or was always there. */
export function ErrorStateMark({ state }: { readonly state: ErrorState }): JSX.Element {
  return (
    <span className={`error-state error-${state}`} title={STATE_MEANING[state]}>
      {STATE_TEXT[state]}
    </span>
  );
}
