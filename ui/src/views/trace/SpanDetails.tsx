/** Everything that is known of one span. */

import { Link } from "@tanstack/react-router";
import { type JSX, type ReactNode, type RefObject, useId, useMemo } from "react";

import { formatCount, formatDuration, formatExact, formatOffset, plural } from "../../base/format.ts";
import { between } from "../../base/time.ts";
import { attributeText } from "../../model/attribute.ts";
import { type Operations, usualText } from "../../model/operations.ts";
import { otlpOf } from "../../model/otlp.ts";
import { failureText } from "../../model/reasons.ts";
import { spanTitle } from "../../model/span-text.ts";
import { MARK_TEXT, PHASE_TEXT, type Span, type SpanEvent, type SpanLink, type Trace } from "../../model/trace.ts";
import { Attributes } from "../../widgets/Attributes.tsx";
import { copy, Id, useCopied } from "../../widgets/Copy.tsx";
import { Figure } from "../../widgets/Figure.tsx";
import { Icon } from "../../widgets/Icon.tsx";
import { DetailsHead } from "./DetailsHead.tsx";

interface SpanDetailsProps {
  readonly trace: Trace;
  readonly span: Span;
  readonly index: number;
  /** The number of its service's colour. */
  readonly colour: number;
  /** How long its like usually takes; null until that is told. */
  readonly usual: Operations | null;
  /** What offsets count from: nanoseconds since the trace's start. */
  readonly zero: number;
  /** The panel takes the focus when it is opened by key. */
  readonly panel: RefObject<HTMLElement | null>;
  /** Goes to another span of the trace. */
  readonly onShow: (index: number) => void;
  /** Looks at this span and what is below it alone. */
  readonly onFocus: (index: number) => void;
  readonly close: () => void;
}

export function SpanDetails(props: SpanDetailsProps): JSX.Element {
  const { trace, span, index, colour, usual, zero, panel, onShow, onFocus, close } = props;
  const linkedFrom = useMemo(() => linksTo(trace, span), [trace, span]);
  const offset = (moment: Span["start"]) => formatOffset(Number(between(trace.start, moment)) - zero);
  const scope = trace.scopes[span.scope];
  const resource = trace.resources[span.resource];
  const phase = span.phase === "" ? "" : (PHASE_TEXT[span.phase] ?? span.phase);
  return (
    <aside className="details" aria-label={`Span ${span.name}`} ref={panel} tabIndex={-1} data-own-arrows>
      <DetailsHead colour={colour} title={spanTitle(span)} close={close} />
      <p className="byline">
        <strong>{span.service}</strong>
        {span.kind !== "unspecified" && <span>{span.kind}</span>}
        {phase !== "" && <span className={span.phase === "invocation" ? "" : "cold"}>{phase}</span>}
        {trace.spans[index + 1]?.parent === index && (
          <button
            type="button"
            className="button"
            title="This span and what is below it alone (f)"
            onClick={() => onFocus(index)}
          >
            Focus <kbd aria-hidden="true">f</kbd>
          </button>
        )}
        <CopySpan trace={trace} span={span} />
      </p>
      {span.status === "error" && (
        <p className="problem">
          <Icon name="close" />
          <span>{failureText(span) ?? "It failed; no message was given."}</span>
        </p>
      )}
      {span.marks.map(mark => (
        <p className="mark" key={mark}>
          <code>{mark}</code> {MARK_TEXT[mark]}
        </p>
      ))}
      <Alike trace={trace} index={index} />
      <dl className="figures">
        <Figure title="Starts" hint={formatExact(span.start)}>
          {offset(span.start)}
        </Figure>
        <Figure title="Takes">{formatDuration(between(span.start, span.end))}</Figure>
        <Figure title="Itself" hint="Without its children">
          {formatDuration(span.selfTime)}
        </Figure>
        <Figure title="Critical" hint="How long the whole waited for it">
          {span.criticalTime === 0n ? "no" : formatDuration(span.criticalTime)}
        </Figure>
      </dl>
      <Standing span={span} usual={usual} />
      <Section title="Attributes" count={span.attributes.length} dropped={span.droppedAttributes} open>
        <Attributes of={span.attributes} />
      </Section>
      <Section title="Events" count={span.events.length} dropped={span.droppedEvents} open>
        {span.events.map(event => (
          <Event key={`${event.time} ${event.name}`} event={event} at={offset(event.time)} />
        ))}
      </Section>
      <Section title="Links" count={span.links.length} dropped={span.droppedLinks} open>
        {span.links.map(link => (
          <LinkedSpan key={`${link.traceId}${link.spanId}`} link={link} trace={trace} onShow={onShow} />
        ))}
      </Section>
      <Section title="Linked from" count={linkedFrom.length} open>
        {linkedFrom.map(from => (
          <div className="event" key={from}>
            <SpanButton trace={trace} index={from} onShow={onShow} />
          </div>
        ))}
      </Section>
      <Section title="Resource" count={resource?.attributes.length ?? 0}>
        <Attributes of={resource?.attributes ?? []} />
      </Section>
      <Section title="Ids" count={null}>
        <Ids span={span} />
        {scope !== undefined && scope.name !== "" && (
          <p className="faint">
            Recorded by {scope.name} {scope.version}
          </p>
        )}
      </Section>
    </aside>
  );
}

/** How long it took beside others of its kind. */
function Standing({ span, usual }: Pick<SpanDetailsProps, "span" | "usual">): JSX.Element | null {
  const operation = usual?.of(span);
  if (operation !== undefined) {
    return <p className="standing">{usualText(Number(between(span.start, span.end)), operation)}</p>;
  }
  // What the platform tells of is no span that came, and there is nothing like it.
  if (usual === null || !usual.isPart || span.phase !== "") return null;
  return (
    <p className="standing">
      What is usual is told of the {formatCount(usual.list.length)} operations that took longest in this trace, of which
      this is none.
    </p>
  );
}

interface SectionProps {
  readonly title: string;
  /** Null where there is nothing to count; nothing is shown of none. */
  readonly count: number | null;
  /** How many the client dropped. */
  readonly dropped?: number;
  readonly open?: boolean;
  readonly children: ReactNode;
}

function Section({ title, count, dropped = 0, open = false, children }: SectionProps): ReactNode {
  if (count === 0 && dropped === 0) return null;
  return (
    <details open={open}>
      <summary>
        {title}
        {count !== null && <span className="note">{count}</span>}
        {dropped > 0 && (
          <span className="note bad">{plural(dropped, "more was", "more were")} dropped by the client</span>
        )}
      </summary>
      {children}
    </details>
  );
}

const EXCEPTION = ["exception.type", "exception.message", "exception.stacktrace"];

function Event({ event, at }: { readonly event: SpanEvent; readonly at: string }): JSX.Element {
  const text = (key: string) => attributeText(event.attributes, key);
  const stack = text("exception.stacktrace");
  const isException = event.name === "exception";
  const rest = isException ? event.attributes.filter(one => !EXCEPTION.includes(one.key)) : event.attributes;
  return (
    <div className={isException ? "event event-bad" : "event"}>
      <p>
        <time title={formatExact(event.time)}>{at}</time> <strong>{text("exception.type") ?? event.name}</strong>
      </p>
      {isException && <p>{text("exception.message")}</p>}
      {stack !== undefined && (
        <pre className="stack" tabIndex={0}>
          {stack.trimEnd()}
        </pre>
      )}
      {rest.length > 0 && <Attributes of={rest} />}
    </div>
  );
}

interface LinkedSpanProps {
  readonly link: SpanLink;
  readonly trace: Trace;
  readonly onShow: (index: number) => void;
}

/** A span of this trace is gone to where it stands, one of another in its own. */
function LinkedSpan({ link, trace, onShow }: LinkedSpanProps): JSX.Element {
  const here = trace.spans.findIndex(one => one.spanId === link.spanId && one.traceId === link.traceId);
  return (
    <div className="event">
      {here === -1 ? (
        <p>
          <Link
            to="/traces/$traceId"
            params={{ traceId: link.traceId }}
            search={{ span: link.spanId, details: "open" }}
          >
            <Icon name="link" /> span {link.spanId} of another trace
          </Link>
        </p>
      ) : (
        <SpanButton trace={trace} index={here} onShow={onShow} />
      )}
      {link.attributes.length > 0 && <Attributes of={link.attributes} />}
    </div>
  );
}

interface SpanButtonProps {
  readonly trace: Trace;
  readonly index: number;
  readonly onShow: (index: number) => void;
}

function SpanButton({ trace, index, onShow }: SpanButtonProps): JSX.Element {
  const span = trace.spans[index];
  return (
    <p>
      <button type="button" className="link" onClick={() => onShow(index)}>
        <Icon name="link" /> {span === undefined ? "" : spanTitle(span)}
      </button>{" "}
      <span className="faint">{span?.service}</span>
    </p>
  );
}

/** The spans of the trace that link to this one. */
function linksTo({ spans }: Trace, { spanId, traceId }: Span): number[] {
  const found: number[] = [];
  spans.forEach(({ links }, index) => {
    if (links.some(link => link.spanId === spanId && link.traceId === traceId)) found.push(index);
  });
  return found;
}

/** The span as JSON, to paste elsewhere. */
function CopySpan({ trace, span }: { readonly trace: Trace; readonly span: Span }): JSX.Element {
  const [copied, setCopied] = useCopied();
  const take = () => copy(JSON.stringify(otlpOf(trace, [span]), null, 2)).then(setCopied);
  return (
    <button type="button" className="button" title="The span in OTLP's JSON form" onClick={take}>
      {copied ? "Copied" : "Copy JSON"}
    </button>
  );
}

function Ids({ span }: { readonly span: Span }): JSX.Element {
  const title = useId();
  const ids: [string, string | null][] = [
    ["span id", span.spanId],
    ["trace id", span.traceId],
    ["parent's id", span.parentSpanId],
    ["request id", span.requestId],
    ["sandbox", span.sandboxId],
    ["trace state", span.traceState || null],
  ];
  return (
    <dl className="attributes" id={title}>
      {ids.map(
        ([what, id]) =>
          id !== null && (
            <div key={what}>
              <dt>{what}</dt>
              <dd>
                <Id text={id} what={what} />
              </dd>
            </div>
          ),
      )}
    </dl>
  );
}

/** Where it stands for siblings that are too many to be shown. */
function Alike({ trace, index }: { readonly trace: Trace; readonly index: number }): JSX.Element | null {
  const fold = trace.folds.find(one => one.span === index);
  if (fold === undefined) return null;
  const { parent, traceId } = trace.spans[index] as Span;
  const above = parent === null ? undefined : trace.spans[parent];
  return (
    <p className="mark">
      It is the longest of {plural(fold.siblings, "sibling")} that are alike
      {fold.errors > 0 && <>, of which {formatCount(fold.errors)} failed</>}; they took {formatDuration(fold.total)} in
      all. {plural(fold.hidden, "span")} of theirs are not shown here.{" "}
      {above !== undefined && (
        <Link to="/traces/$traceId" params={{ traceId }} search={{ below: above.spanId }}>
          Read what is below {above.name} by itself
        </Link>
      )}
    </p>
  );
}
