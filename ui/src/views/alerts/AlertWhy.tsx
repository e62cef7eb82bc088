/** Why an alert fires: its value until it did, what sets the bad invocations apart, where the time went, examples. */

import type { JSX } from "react";

import { formatDuration, formatPart } from "../../base/format.ts";
import { between, longest, type Nanos } from "../../base/time.ts";
import { type Cause, isWhyKnown, type PathShift, type Transition, type Why } from "../../model/alert.ts";
import { figure, type Reading } from "../../model/reading.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { Away } from "./Away.tsx";
import { ValueChart } from "./ValueChart.tsx";

export function AlertWhy({ of }: { readonly of: Transition }): JSX.Element {
  const { why, reading, at } = of;
  if (!isWhyKnown(why)) {
    return (
      <>
        <p className="alert-note">What sets the bad invocations apart could not be found in time.</p>
        <Links why={why} />
      </>
    );
  }
  return (
    <section className="alert-why" aria-label="Why">
      {why.history.length > 1 && <History why={why} reading={reading} />}
      <div className="panel alert-reasons">
        <h2>What sets the bad ones apart</h2>
        {why.causes.length === 0 ? (
          <p className="alert-nothing">Nothing does that could not be chance.</p>
        ) : (
          <ul className="causes">
            {why.causes.map(cause => (
              <CauseItem key={`${cause.key}=${cause.value}`} of={cause} />
            ))}
          </ul>
        )}
        {why.path.length > 0 && (
          <>
            <h2>Where the time went otherwise</h2>
            <ul className="causes">
              {why.path.map(shift => (
                <ShiftItem
                  key={shift.what}
                  of={shift}
                  longest={longest(why.path.flatMap(({ before, now }) => [before, now]))}
                />
              ))}
            </ul>
          </>
        )}
      </div>
      <div className="panel alert-examples">
        <h2>Examples</h2>
        {why.examples.length === 0 ? (
          <p className="alert-nothing">None was kept.</p>
        ) : (
          <ul>
            {why.examples.map(one => (
              <li key={one.requestId}>
                <Away href={one.href}>
                  <code>{one.requestId}</code>
                </Away>
                <span className="sub">
                  {[one.outcome, ...(one.duration === null ? [] : [formatDuration(one.duration)])].join(", ")}
                </span>
              </li>
            ))}
          </ul>
        )}
        <Links why={why} />
        <p className="faint alert-asof">
          As it was found <Moment at={at} form="ago" />.
        </p>
      </div>
    </section>
  );
}

function Links({ why }: { readonly why: Why }): JSX.Element | null {
  if (why.links.length === 0) return null;
  return (
    <ul className="alert-links">
      {why.links.map(link => (
        <li key={link.href}>
          <Away href={link.href}>{link.title}</Away>
        </li>
      ))}
    </ul>
  );
}

function History({ why, reading }: { readonly why: Why; readonly reading: Reading }): JSX.Element | null {
  const [first, last] = [why.history[0], why.history.at(-1)];
  if (first === undefined || last === undefined || first.at >= last.at) return null;
  const whole = Number(between(first.at, last.at));
  const points = why.history.map(({ at, value }) => ({ at: Number(between(first.at, at)) / whole, value }));
  return (
    <div className="panel alert-chart">
      <h2>{reading.name}, until it fired</h2>
      <ValueChart
        label={`${reading.name}, until it fired`}
        lines={[{ name: reading.name, points }]}
        unit={reading.unit}
        threshold={reading.threshold}
        bad={reading.bad}
        from={first.at}
        to={last.at}
        idle={
          <span className="faint">
            {reading.value === null ? "Nothing" : figure(reading.value, reading.unit)} when it fired. Point at a place
            for its value.
          </span>
        }
      />
    </div>
  );
}

function CauseItem({ of: { key, value, ofBad, ofRest } }: { readonly of: Cause }): JSX.Element {
  return (
    <li>
      <code>{value === null ? `${key} absent` : `${key} = ${value}`}</code>
      <Bar kind="selected" part={ofBad} text={`${formatPart(ofBad)} of the bad`} />
      <Bar kind="rest" part={ofRest} text={`${formatPart(ofRest)} of the rest`} />
    </li>
  );
}

interface ShiftProps {
  readonly of: PathShift;
  readonly longest: Nanos;
}

function ShiftItem({ of: { what, before, now }, longest }: ShiftProps): JSX.Element {
  const part = (length: Nanos) => Number(length) / Math.max(1, Number(longest));
  return (
    <li>
      <code>{what}</code>
      <Bar kind="selected" part={part(now)} text={`${formatDuration(now)} now`} />
      <Bar kind="rest" part={part(before)} text={`${formatDuration(before)} before`} />
    </li>
  );
}

interface BarProps {
  readonly kind: "selected" | "rest";
  readonly part: number;
  readonly text: string;
}

function Bar({ kind, part, text }: BarProps): JSX.Element {
  return (
    <div className="cause-bar">
      <svg viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect className="why-base" width={100} height={6} />
        <rect className={`why-${kind}`} width={Math.min(100, Math.max(part > 0 ? 1 : 0, part * 100))} height={6} />
      </svg>
      <span className={kind === "selected" ? undefined : "faint"}>{text}</span>
    </div>
  );
}
