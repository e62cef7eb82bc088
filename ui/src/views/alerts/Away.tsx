import { useRouter } from "@tanstack/react-router";
import type { JSX, MouseEvent, ReactNode } from "react";

import { hrefOf } from "../../model/alert.ts";

interface AwayProps {
  readonly href: string;
  readonly children: ReactNode;
}

/** A link that came with an alert: to a page of this ui without loading it again, or to somewhere else. */
export function Away({ href, children }: AwayProps): JSX.Element {
  const router = useRouter();
  const safe = hrefOf(href);
  if (safe === null) return <span>{children}</span>;
  const path = safe.startsWith(`${location.origin}/`) ? safe.slice(location.origin.length) : safe;
  if (!path.startsWith("/")) {
    return (
      <a href={path} target="_blank" rel="noreferrer">
        {children}
      </a>
    );
  }
  const open = (event: MouseEvent) => {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    router.history.push(path);
  };
  return (
    <a href={path} onClick={open}>
      {children}
    </a>
  );
}
