import type { JSX } from "react";

import { COLD_TEXT, type Cold } from "../model/invocation.ts";
import { Icon } from "./Icon.tsx";

/** The kind of start that an invocation waited for; quiet where it waited for none. */
export function ColdMark({ cold }: { readonly cold: Cold }): JSX.Element {
  if (cold === "warm") return <span className="faint">warm</span>;
  return (
    <span className="cold">
      <Icon name={cold === "reset" ? "refresh" : "snow"} />
      {COLD_TEXT[cold]}
    </span>
  );
}
