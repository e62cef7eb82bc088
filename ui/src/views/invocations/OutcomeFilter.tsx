import type { JSX } from "react";

import { OUTCOME_TEXT, OUTCOMES, type Outcome } from "../../model/invocation.ts";
import { OutcomeShape } from "../../widgets/OutcomeMark.tsx";

interface OutcomeFilterProps {
  /** None means all. */
  readonly chosen: readonly Outcome[];
  readonly onChange: (chosen: Outcome[]) => void;
}

/** Which outcomes are listed. */
export function OutcomeFilter({ chosen, onChange }: OutcomeFilterProps): JSX.Element {
  const toggle = (outcome: Outcome) =>
    onChange(OUTCOMES.filter(one => (one === outcome ? !chosen.includes(one) : chosen.includes(one))));
  return (
    <fieldset className="chips">
      <legend className="hidden">Outcomes</legend>
      {OUTCOMES.map(outcome => (
        <button
          type="button"
          className="chip"
          key={outcome}
          aria-pressed={chosen.includes(outcome)}
          onClick={() => toggle(outcome)}
        >
          <OutcomeShape outcome={outcome} />
          {OUTCOME_TEXT[outcome]}
        </button>
      ))}
    </fieldset>
  );
}
