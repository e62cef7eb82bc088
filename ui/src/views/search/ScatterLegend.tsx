/** What shapes and colours of points tell. */

import type { JSX } from "react";

import { formatCount, plural } from "../../base/format.ts";
import type { PointGroup } from "../../model/scatter.ts";
import type { LengthsOf } from "../../model/trace-search.ts";
import { groupToken } from "./scatter-colours.ts";

/** More than these are told together. */
const NAMED_GROUPS = 10;

export function OutcomeLegend({ of }: { readonly of: LengthsOf }): JSX.Element {
  return (
    <ul className="legend">
      <li>
        <Sample token="--accent" /> {of === "traces" ? "without errors" : "not failed"}
      </li>
      <li>
        <Sample token="--bad" cross /> {of === "traces" ? "with errors" : "failed"}
      </li>
    </ul>
  );
}

interface GroupLegendProps {
  readonly groups: readonly PointGroup[];
  readonly colours: ReadonlyMap<string, number>;
}

export function GroupLegend({ groups, colours }: GroupLegendProps): JSX.Element {
  const rest = groups.slice(NAMED_GROUPS);
  return (
    <ul className="legend">
      {groups.slice(0, NAMED_GROUPS).map(({ name, points }) => (
        <li key={name} title={name}>
          <Sample token={groupToken(colours, name)} /> <span className="clip">{name}</span> {formatCount(points)}
        </li>
      ))}
      {rest.length > 0 && (
        <li>
          <Sample token="--faint" /> {plural(rest.length, "other")}
        </li>
      )}
      <li>
        <Sample token="--faint" cross /> failed
      </li>
    </ul>
  );
}

function Sample({ token, cross = false }: { readonly token: string; readonly cross?: boolean }): JSX.Element {
  const colour = `var(${token})`;
  return (
    <svg className="scatter-sample" viewBox="0 0 10 10" aria-hidden="true">
      {cross ? (
        <path d="M2 2l6 6M8 2l-6 6" style={{ stroke: colour }} />
      ) : (
        <circle cx="5" cy="5" r="3.5" style={{ fill: colour }} />
      )}
    </svg>
  );
}
