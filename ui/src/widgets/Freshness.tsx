import type { JSX } from "react";

import { formatAgo } from "../base/format.ts";
import { fromMillis } from "../base/time.ts";
import { Icon } from "./Icon.tsx";
import { useKeys } from "./keys.ts";
import { useNow } from "./now.ts";

interface Reading {
  /** When the data was read; 0 before it was. */
  readonly readAt: number;
  readonly reading: boolean;
  /** Why the last reading failed, where it did. */
  readonly error: Error | null;
  readonly read: () => void;
}

/** How old the data is, and the way to read it again. */
export function Freshness({ of: { readAt, reading, error, read } }: { readonly of: Reading }): JSX.Element {
  const now = useNow();
  useKeys("List", [{ keys: ["r"], does: "read again", run: () => read() }]);
  const age = readAt === 0 ? "" : formatAgo(fromMillis(readAt), now);
  return (
    <div className="freshness">
      {error !== null && readAt > 0 && (
        <span className="bad" title={error.message}>
          could not be read again
        </span>
      )}
      <span className="faint wide-only">{age}</span>
      <button
        type="button"
        className={reading ? "button square reading" : "button square"}
        onClick={() => read()}
        aria-label="Read again"
        title="Read again (r)"
      >
        <Icon name="refresh" />
      </button>
    </div>
  );
}
