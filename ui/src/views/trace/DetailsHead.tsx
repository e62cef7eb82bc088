/** The head of what is known of a span, or of many: what it is, and the way back. */

import type { JSX } from "react";

import { Icon } from "../../widgets/Icon.tsx";

interface DetailsHeadProps {
  /** The number of its service's colour. */
  readonly colour: number;
  readonly title: string;
  readonly close: () => void;
}

export function DetailsHead({ colour, title, close }: DetailsHeadProps): JSX.Element {
  return (
    <header>
      <h2>
        <span className={`dot service-${colour}`} />
        {title}
      </h2>
      <button
        type="button"
        className="button square"
        onClick={close}
        aria-label="Close the details"
        title="Close (esc)"
      >
        <Icon name="close" />
      </button>
    </header>
  );
}
