/** Why this one and not the others: beside an ordinary one, beside any other trace, beside the rest of its function. */

import { useQuery } from "@tanstack/react-query";
import { type FormEvent, type JSX, useState } from "react";

import { isNotFound } from "../../api/queries.ts";
import { cohortQuery, otherTraceQuery, typicalQuery } from "../../api/trace-compare.ts";
import { plural } from "../../base/format.ts";
import type { Invocation } from "../../model/invocation.ts";
import type { Trace } from "../../model/trace.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Waiting } from "../../widgets/Notice.tsx";
import { PathFlame } from "../../widgets/PathFlame.tsx";
import { ComparedPaths } from "./ComparedPaths.tsx";
import { isOtherId, REST } from "./url.ts";

interface CompareViewProps {
  readonly trace: Trace;
  /** The request that the page is about; null for a trace. */
  readonly requestId: string | null;
  /** What it is compared with: the id of another, the rest, or where it is null an ordinary one. */
  readonly other: string | null;
  readonly onOther: (other: string | null) => void;
  readonly show: (index: number) => void;
}

export function CompareView(props: CompareViewProps): JSX.Element {
  const { trace, requestId, other, onOther, show } = props;
  const invocation = invocationOf(trace, requestId);
  const kind = other === null ? "typical" : other === REST ? "rest" : "other";
  return (
    <section className="panel compare-view" aria-label="Compare">
      <header>
        <Choice
          label="What it is compared with"
          value={kind}
          options={[
            {
              value: "typical",
              label: "An ordinary one",
              title: "The median of what the function did around that time",
            },
            { value: "rest", label: "All others", title: "What the function did around that time" },
            ...(kind === "other" ? [{ value: "other" as const, label: "Another", title: other ?? "" }] : []),
          ]}
          onChange={next => onOther(next === "typical" ? null : next === "rest" ? REST : other)}
        />
        <OtherId key={other} other={kind === "other" ? other : null} onOther={onOther} />
      </header>
      {kind === "other" && other !== null ? (
        <WithOther trace={trace} id={other} told={`the trace ${other.slice(0, 8)}`} show={show} />
      ) : invocation === null ? (
        <p className="trace-none">
          No invocation is known of this trace, so that there is no function to look for others of. The id of another
          trace can be given above.
        </p>
      ) : kind === "rest" ? (
        <WithRest invocation={invocation} />
      ) : (
        <WithTypical trace={trace} invocation={invocation} show={show} />
      )}
    </section>
  );
}

/** The one that the page is about; of a trace the first. */
function invocationOf({ invocations }: Trace, requestId: string | null): Invocation | null {
  return invocations.find(one => requestId === null || one.requestId === requestId) ?? null;
}

interface OtherIdProps {
  readonly other: string | null;
  readonly onOther: (other: string) => void;
}

function OtherId({ other, onOther }: OtherIdProps): JSX.Element {
  const [text, setText] = useState(other ?? "");
  const id = text.trim();
  const isWrong = id !== "" && !isOtherId(id);
  const onSubmit = (event: FormEvent) => {
    event.preventDefault();
    if (isOtherId(id)) onOther(id);
  };
  return (
    <form className="compare-id" onSubmit={onSubmit}>
      <label>
        <span>or with</span>
        <input
          className="input"
          value={text}
          placeholder="id of a trace or an invocation"
          spellCheck={false}
          autoComplete="off"
          aria-invalid={isWrong}
          onChange={event => setText(event.target.value)}
        />
      </label>
      <button type="submit" className="button" disabled={!isOtherId(id)}>
        Compare
      </button>
      {isWrong && <span className="bad">That is no id.</span>}
    </form>
  );
}

interface WithOtherProps {
  readonly trace: Trace;
  readonly id: string;
  readonly told: string;
  readonly show: (index: number) => void;
}

function WithOther({ trace, id, told, show }: WithOtherProps): JSX.Element {
  const query = useQuery(otherTraceQuery(id));
  if (query.data === undefined) {
    if (query.error && isNotFound(query.error)) {
      return <p className="trace-none">Nothing is stored under {id}. It may be older than what is kept.</p>;
    }
    return <Waiting error={query.error} what="trace" rows={6} retry={query.refetch} />;
  }
  return <ComparedPaths trace={trace} other={query.data} id={id} told={told} show={show} />;
}

interface WithTypicalProps {
  readonly trace: Trace;
  readonly invocation: Invocation;
  readonly show: (index: number) => void;
}

function WithTypical({ trace, invocation, show }: WithTypicalProps): JSX.Element {
  const query = useQuery(typicalQuery(invocation));
  if (query.data === undefined) {
    return <Waiting error={query.error} what="invocations" rows={6} retry={query.refetch} />;
  }
  const { invocation: typical, looked } = query.data;
  if (typical === null) {
    return (
      <p className="trace-none">
        No other invocation of {invocation.function} ended well half an hour before or after: there is no ordinary one.
      </p>
    );
  }
  const told = `the median of ${plural(looked, "invocation")} of ${invocation.function} around then`;
  return <WithOther trace={trace} id={typical.requestId} told={told} show={show} />;
}

function WithRest({ invocation }: { readonly invocation: Invocation }): JSX.Element {
  const isEnded = invocation.duration !== null;
  const query = useQuery({ ...cohortQuery(invocation), enabled: isEnded });
  if (!isEnded) {
    return <p className="trace-none">It has not ended, as far as is known: how long it took can't be compared yet.</p>;
  }
  const { data } = query;
  return (
    <>
      {data !== undefined && data.selected > 1 && (
        <p className="faint compare-told">{plural(data.selected, "invocation")} took exactly as long as this one.</p>
      )}
      <PathFlame query={query} title={`Where its time went, beside others of ${invocation.function}`} />
    </>
  );
}
