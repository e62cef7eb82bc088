import type { JSX, ReactNode } from "react";

interface FigureProps {
  readonly title: string;
  readonly children: ReactNode;
  readonly tone?: "bad" | "cold" | "quiet";
  /** Smaller, after the figure. */
  readonly note?: ReactNode;
  readonly hint?: string;
}

/** One named figure of a row of them; belongs into a `dl`. */
export function Figure({ title, children, tone, note, hint }: FigureProps): JSX.Element {
  return (
    <div className="figure" title={hint}>
      <dt>{title}</dt>
      <dd className={tone}>
        {children}
        {note !== undefined && <span className="note">{note}</span>}
      </dd>
    </div>
  );
}
