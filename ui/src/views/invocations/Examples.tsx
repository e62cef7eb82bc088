import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

/** Enough of an id to tell it from its neighbours. */
const SHOWN = 8;

/** Invocations that show it, the worst first. */
export function Examples({ ids }: { readonly ids: readonly string[] }): JSX.Element | null {
  if (ids.length === 0) return null;
  return (
    <p className="examples">
      {ids.length === 1 ? "example" : "examples"}
      {ids.map(id => (
        <Link key={id} to="/invocations/$requestId" params={{ requestId: id }} title={id}>
          <code>{id.length > SHOWN + 4 ? `${id.slice(0, SHOWN)}…` : id}</code>
        </Link>
      ))}
    </p>
  );
}
