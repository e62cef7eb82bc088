import { type ErrorComponentProps, Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { Failure, Notice } from "../widgets/Notice.tsx";

export function NoSuchPage(): JSX.Element {
  return (
    <Notice title="There is no such page">
      <p>
        <Link to="/">To the overview</Link>
      </p>
    </Notice>
  );
}

export function PageFailure({ error, reset }: ErrorComponentProps): JSX.Element {
  return <Failure error={error instanceof Error ? error : new Error(String(error))} what="page" retry={reset} />;
}
