/** What is behind a figure: how the API is asked for it, and what the store runs to answer. */

import { type JSX, useId, useState } from "react";

import { callsOf, type Question, useShownQueries } from "../api/call.ts";
import type { Call } from "../api/request.ts";
import { useSettings } from "../api/settings.ts";
import { formatBytes, formatCount, formatDuration, plural } from "../base/format.ts";
import { nanos } from "../base/time.ts";
import { curlOf } from "../model/curl.ts";
import type { ShownQuery } from "../model/shown-query.ts";
import { Command, Copy } from "./Copy.tsx";
import { Dialog } from "./Dialog.tsx";
import { Failure } from "./Notice.tsx";
import "./query-dialog.css";

interface QueryDialogProps {
  readonly questions: readonly Question[];
  readonly what: string;
  readonly onClosed: () => void;
}

export default function QueryDialog({ questions, what, onClosed }: QueryDialogProps): JSX.Element {
  const title = useId();
  // As of when it was opened: a range that ends now would be another one with every look.
  const [calls] = useState(() => questions.flatMap(callsOf));
  return (
    <Dialog className="help query-dialog" labelledBy={title} onClosed={onClosed}>
      {close => (
        <>
          <header>
            <h2 id={title}>Query: {what}</h2>
            <button type="button" className="button" onClick={close}>
              Close <kbd>esc</kbd>
            </button>
          </header>
          {calls.length === 0 && <p className="faint">Nothing was asked for this yet.</p>}
          {calls.map(call => (
            <OneCall key={addressOf(call)} call={call} />
          ))}
        </>
      )}
    </Dialog>
  );
}

function addressOf({ path, parameters }: Call): string {
  const search = new URLSearchParams(parameters.map(([name, value]) => [name, value]));
  return `${location.origin}/api/v1/${path}${search.size === 0 ? "" : `?${search}`}`;
}

function OneCall({ call }: { readonly call: Call }): JSX.Element {
  const settings = useSettings();
  const isKeyed = settings.data?.demandsKeys ?? false;
  return (
    <>
      <section>
        <h3>To the API</h3>
        <Command text={addressOf(call)} what="address" />
        <Command text={curlOf(location.origin, `/api/v1/${call.path}`, call.parameters, isKeyed)} />
      </section>
      <Queries call={call} />
    </>
  );
}

function Queries({ call }: { readonly call: Call }): JSX.Element {
  const shown = useShownQueries(call);
  const queries = shown.data ?? [];
  return (
    <section aria-busy={shown.isPending}>
      <h3>To ClickHouse</h3>
      {shown.isPending && <p role="status">Asking once more, to see what is run.</p>}
      {shown.error !== null && <Failure error={shown.error} what="queries" retry={shown.refetch} />}
      {shown.data !== undefined && <p className="faint">{toldOf(queries)}</p>}
      <ol className="shown-queries">
        {queries.map((query, at) => (
          <li key={`${at} ${query.sql}`}>
            <div className="command">
              <pre tabIndex={0}>
                <code>{query.sql}</code>
              </pre>
              <Copy text={query.sql} what="SQL" />
            </div>
            <p className="faint">{costOf(query)}</p>
          </li>
        ))}
      </ol>
    </section>
  );
}

function toldOf(queries: readonly ShownQuery[]): string {
  if (queries.length === 0) return "None: it is answered without the store.";
  if (queries.length === 1) return "It was asked once more just now, by this query. It can be run as it is.";
  const took = nanos(queries.reduce((all, query) => all + query.took, 0n));
  return `It was asked once more just now, by ${plural(queries.length, "query", "queries")}, ${formatDuration(took)} in all. Each can be run as it is.`;
}

const costOf = ({ took, rows, bytes }: ShownQuery): string =>
  `${formatDuration(took)}, ${formatCount(rows)} rows and ${formatBytes(BigInt(Math.round(bytes)))} read`;
