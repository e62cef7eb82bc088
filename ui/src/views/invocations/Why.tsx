/** Why are these different: what some invocations have more often than the rest. Asked only when somebody asks. */

import type { UseQueryResult } from "@tanstack/react-query";
import type { JSX, ReactNode } from "react";

import { formatCount, formatDuration, formatMinute, formatPart, plural } from "../../base/format.ts";
import {
  type Box,
  type Cohort,
  type ComparedItem,
  type Comparison,
  itemText,
  type Selection,
  timesText,
  type WhyName,
} from "../../model/comparison.ts";
import type { PathComparison } from "../../model/flame.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Waiting } from "../../widgets/Notice.tsx";
import { PathFlame } from "../../widgets/PathFlame.tsx";
import { type Column, PlainTable } from "../../widgets/Table.tsx";

interface WhyProps {
  /** What can be asked here. */
  readonly reasons: readonly WhyName[];
  /** The one that is asked; undefined where none is. */
  readonly asked: WhyName | undefined;
  /** What it means here; null until that is known. */
  readonly selection: Selection | null;
  readonly newest: string | null;
  readonly query: UseQueryResult<Comparison>;
  /** Where the time of both went. */
  readonly paths: UseQueryResult<PathComparison>;
  /** The way to the queries behind the answer. */
  readonly behind: ReactNode;
  readonly onAsk: (reason: Exclude<WhyName, "stretch"> | null) => void;
}

export function Why({ reasons, asked, selection, newest, query, paths, behind, onAsk }: WhyProps): JSX.Element | null {
  const first = reasons[0];
  const toggle = () => onAsk(asked === undefined && first !== undefined && first !== "stretch" ? first : null);
  useKeys(
    "Why is this different",
    first === undefined ? [] : [{ keys: ["w"], does: "why are they different", run: toggle }],
  );
  // What is asked comes first where it is not always there: a narrow page shows no more than the first ones.
  const shown = asked === undefined || reasons.includes(asked) ? reasons : [asked, ...reasons];
  if (shown.length === 0) return null;
  const labels: Readonly<Record<WhyName, ReactNode>> = {
    slow: "slowest 5 %",
    errors: "failures",
    cold: "cold starts",
    version: versionText(selection, newest),
    stretch: selection?.kind === "stretch" ? boxText(selection) : "stretch",
  };
  return (
    <section className="panel why" id="why" tabIndex={-1} aria-labelledby="why-title" aria-busy={query.isFetching}>
      <h2 id="why-title">Why is this different?</h2>
      {asked !== undefined && behind}
      <Choice<WhyName | "">
        label="What is compared with the rest"
        value={asked ?? ""}
        options={shown.map(value => ({ value, label: labels[value] }))}
        onChange={value => {
          if (value === "" || value === asked) onAsk(null);
          else if (value !== "stretch") onAsk(value);
        }}
      />
      {asked === undefined ? (
        <p className="why-idle">What do they have more often than all others of this range of time?</p>
      ) : selection === null ? (
        <p className="why-nothing">There is but one version in this range of time.</p>
      ) : query.data === undefined ? (
        <Waiting error={query.error} what="comparison" rows={4} retry={query.refetch} />
      ) : (
        <Answer of={query.data} paths={paths} />
      )}
    </section>
  );
}

function versionText(selection: Selection | null, newest: string | null): string {
  const version = selection?.kind === "version" ? selection.version : newest;
  return version === null ? "newest version" : `version ${version}`;
}

/** A box of all lengths by its times alone. */
function boxText({ since, until, min, max }: Box): string {
  const times = `${formatMinute(since)} – ${formatMinute(until)}`;
  if (min !== null && max !== null) return `${times}, ${formatDuration(min)} – ${formatDuration(max)}`;
  if (min !== null) return `${times}, ${formatDuration(min)} or longer`;
  return max === null ? times : `${times}, ${formatDuration(max)} or shorter`;
}

interface AnswerProps {
  readonly of: Comparison;
  readonly paths: UseQueryResult<PathComparison>;
}

function Answer({ of, paths }: AnswerProps): JSX.Element {
  const { selected, rest, minDuration, items, warnings } = of;
  const isCompared = selected.invocations > 0 && rest.invocations > 0;
  return (
    <>
      <dl className="sides">
        <Side title="these" kind="selected" of={selected}>
          {minDuration !== null && `, ${formatDuration(minDuration)} or longer`}
        </Side>
        <Side title="the rest" kind="rest" of={rest} />
      </dl>
      {items.length > 0 ? (
        <PlainTable label="What tells them apart" columns={COLUMNS} rows={items} keyOf={itemText} />
      ) : (
        isCompared && <p className="why-nothing">Nothing tells them apart that could not be chance.</p>
      )}
      {isCompared && <PathFlame query={paths} />}
      {warnings.map(warning => (
        <p key={warning} className="why-note">
          {warning}
        </p>
      ))}
    </>
  );
}

interface SideProps {
  readonly title: string;
  readonly kind: "selected" | "rest";
  readonly of: Cohort;
  readonly children?: ReactNode;
}

function Side({ title, kind, of, children }: SideProps): JSX.Element {
  return (
    <div>
      <dt>
        <svg viewBox="0 0 8 8" aria-hidden="true">
          <rect className={`why-${kind}`} width={8} height={8} rx={2} />
        </svg>
        {title}
      </dt>
      <dd>
        <strong>{plural(of.invocations, "invocation")}</strong>
        {children}
        {of.p50 !== null && of.p95 !== null && (
          <span className="sub">
            p50 {formatDuration(of.p50)}, p95 {formatDuration(of.p95)}
          </span>
        )}
      </dd>
    </div>
  );
}

const COLUMNS: readonly Column<ComparedItem>[] = [
  { id: "item", title: "What they have", narrow: "head", cell: one => <Item of={one} /> },
  {
    id: "shares",
    title: "Of these / of the rest",
    cell: one => (
      <div className="shares">
        <ShareBar kind="selected" part={one.shareSelected} />
        <ShareBar kind="rest" part={one.shareRest} />
      </div>
    ),
  },
  {
    id: "times",
    title: "Times",
    hint: "How many times as often these have it",
    align: "end",
    cell: one => timesText(one.lift),
  },
  {
    id: "explains",
    title: "Explains",
    hint: "Of what these take longer than the rest, the share that those with it make up",
    align: "end",
    cell: one => (one.explains === null ? <span className="none">–</span> : formatPart(one.explains)),
  },
];

function Item({ of }: { readonly of: ComparedItem }): JSX.Element {
  const [first, ...others] = of.also;
  return (
    <>
      <code>{itemText(of)}</code>
      {first !== undefined && others.length === 0 && (
        <p className="sub">
          as are those with <code>{itemText(first)}</code>
        </p>
      )}
      {others.length > 0 && (
        <details>
          <summary>as are those with {formatCount(of.also.length)} others</summary>
          <ul>
            {of.also.map(name => (
              <li key={itemText(name)}>
                <code>{itemText(name)}</code>
              </li>
            ))}
          </ul>
        </details>
      )}
    </>
  );
}

function ShareBar({ kind, part }: { readonly kind: "selected" | "rest"; readonly part: number }): JSX.Element {
  return (
    <>
      <svg className="share-bar" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">
        <rect className="why-base" width={100} height={6} />
        <rect className={`why-${kind}`} width={Math.max(part > 0 ? 1 : 0, part * 100)} height={6} />
      </svg>
      <span className={kind === "selected" ? "" : "faint"}>{formatPart(part)}</span>
    </>
  );
}
