import type { JSX } from "react";

import { around, type Stretch } from "../../model/query-text.ts";

interface MistakeProps {
  readonly id: string;
  readonly query: string;
  readonly at: Stretch;
  readonly message: string;
  /** Leads to the place in the line. */
  readonly onShow: (at: Stretch) => void;
}

/** The API's words without the place, which is seen. */
function sentence(message: string): string {
  const text = message.replace(/^at (?:character [0-9]+|the end): /, "");
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** A query that is none: the place that is wrong, and what is. */
export function Mistake({ id, query, at, message, onShow }: MistakeProps): JSX.Element {
  const [before, wrong, behind] = around(query, at);
  return (
    <div className="query-mistake">
      <pre aria-hidden="true">
        <code>
          {before}
          <mark className={wrong === "" ? "missing" : ""}>{wrong === "" ? " " : wrong}</mark>
          {behind}
        </code>
      </pre>
      <p role="alert" id={id}>
        {sentence(message)}
      </p>
      <button type="button" className="link" onClick={() => onShow(at)}>
        {wrong === "" ? "Go there" : "Select it"}
      </button>
    </div>
  );
}
