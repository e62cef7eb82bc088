import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX, ReactNode } from "react";
import { neighboursQuery } from "../../api/neighbours.ts";
import { operationsQuery } from "../../api/operations.ts";
import { invocationQuery } from "../../api/queries.ts";
import { formatBytes, formatDollars, formatDuration, unbroken } from "../../base/format.ts";
import type { Nanos } from "../../base/time.ts";
import { COLD_TEXT, type Invocation, isFailure } from "../../model/invocation.ts";
import type { Trace } from "../../model/trace.ts";
import { ColdMark } from "../../widgets/ColdMark.tsx";
import { CopyLink, Id } from "../../widgets/Copy.tsx";
import { Figure } from "../../widgets/Figure.tsx";
import { Meter } from "../../widgets/Meter.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { OutcomeShape } from "../../widgets/OutcomeMark.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { InvocationLife } from "./InvocationLife.tsx";
import { Neighbours } from "./Neighbours.tsx";

interface InvocationHeaderProps {
  readonly invocation: Invocation;
  /** In a sentence. */
  readonly verdict: string;
  readonly trace: Trace;
}

/** What became of it, in a sentence; then what the platform says of it. */
export function InvocationHeader({ invocation, verdict, trace }: InvocationHeaderProps): JSX.Element {
  const { init, restore, billed, duration, responseLatency } = invocation;
  const waited = init ?? restore;
  const bad = isFailure(invocation.outcome);
  const around = useQuery(neighboursQuery(invocation));
  return (
    <header className="invocation-head">
      <nav className="crumbs" aria-label="Where this is">
        <Link to="/">Overview</Link>
        <span aria-hidden="true">/</span>
        <Link to="/functions/$function" params={{ function: invocation.function }}>
          {invocation.function}
        </Link>
      </nav>
      <h1 className={bad ? "verdict bad" : "verdict"}>
        <OutcomeShape outcome={invocation.outcome} />
        <span>
          {unbroken(verdict)}{" "}
          {invocation.cold !== "warm" && (
            <span className="badge">
              <ColdMark cold={invocation.cold} />
              {waited !== null && <span className="cold">, {formatDuration(waited)} before</span>}
            </span>
          )}
        </span>
      </h1>
      <p className="byline">
        <strong>{invocation.function}</strong>
        <Moment at={invocation.start} form="clock" />
        <Id text={invocation.requestId} what="request id" />
        <CopyLink />
        <ShowQuery of={[invocationQuery(invocation.requestId), operationsQuery(trace)]} what="invocation" />
      </p>
      <dl className="figures">
        <Length title="Duration" of={duration} />
        <Length title="Billed" of={billed} />
        {invocation.cost !== null && (
          <Figure title="Cost" hint="Its billed time and its request, at public prices without the free tier">
            {formatDollars(invocation.cost)}
          </Figure>
        )}
        <Length title={restore === null ? "Init" : "Restore"} of={waited} tone="cold" />
        <Memory of={invocation} />
        <Length title="Response" of={responseLatency} hint="From the start to the first byte of the response" />
      </dl>
      <Facts of={invocation} />
      <InvocationLife invocation={invocation} trace={trace} idle={around.data?.idleAfter ?? null} />
      {invocation.sandboxId !== "" && <Neighbours of={around.data} failed={around.isError} />}
    </header>
  );
}

interface LengthProps {
  readonly title: string;
  readonly of: Nanos | null;
  readonly tone?: "cold";
  readonly hint?: string;
}

/** Left out where it is not known: absent is not zero. */
function Length({ title, of, tone, hint }: LengthProps): ReactNode {
  if (of === null) return null;
  return (
    <Figure title={title} {...(tone && { tone })} {...(hint !== undefined && { hint })}>
      {formatDuration(of)}
    </Figure>
  );
}

function Memory({ of }: { readonly of: Invocation }): ReactNode {
  const { maxMemoryBytes: used, memoryBytes: limit } = of;
  if (limit === null || limit === 0n) return null;
  if (used === null) return <Figure title="Memory">{formatBytes(limit)}</Figure>;
  const part = Number(used) / Number(limit);
  return (
    <Figure title="Memory" note={`of ${formatBytes(limit)}`} {...(part >= 0.9 && { tone: "bad" as const })}>
      {formatBytes(used)} <Meter part={part} />
    </Figure>
  );
}

/** What the platform says beside it, quietly. */
function Facts({ of }: { readonly of: Invocation }): JSX.Element {
  const sandbox = of.sandboxId || of.instance;
  const facts: [string, string][] = [
    ["start", of.cold === "warm" ? COLD_TEXT.warm : ""],
    ["trigger", of.trigger],
    ["runtime", [of.runtime, of.architecture].filter(part => part !== "").join(" · ")],
    ["version", of.version],
    ["region", of.region],
    ["runtime overhead", lengthText(of.runtimeOverhead)],
    ["extensions' overhead", lengthText(of.extensionOverhead)],
    ["sandbox", sandbox.length > 12 ? `…${sandbox.slice(-8)}` : sandbox],
  ];
  return (
    <dl className="facts">
      {facts
        .filter(([, text]) => text !== "")
        .map(([title, text]) => (
          <div key={title} title={title === "sandbox" ? sandbox : undefined}>
            <dt>{title}</dt>
            <dd>{text}</dd>
          </div>
        ))}
    </dl>
  );
}

const lengthText = (length: Nanos | null): string => (length === null ? "" : formatDuration(length));
