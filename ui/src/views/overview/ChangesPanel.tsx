/** What is otherwise than in the time before, the worst first: each leads to the page that explains it. */

import { useQuery } from "@tanstack/react-query";
import { type JSX, type RefObject, useRef } from "react";

import { changesQuery } from "../../api/overview.ts";
import { plural } from "../../base/format.ts";
import {
  type Change,
  type Changes,
  DAY_UP_TO_NOW,
  explained,
  figuresOf,
  keyOf,
  newVersionOf,
  said,
} from "../../model/changes.ts";
import { beforeText, type Range } from "../../model/range.ts";
import { Choice } from "../../widgets/Choice.tsx";
import { Icon } from "../../widgets/Icon.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { Skeleton } from "../../widgets/Notice.tsx";
import { NewVersion, ToPage } from "./ToPage.tsx";

/** The list stays an answer; the table below is seen, too. */
const OPEN = 5;

type Told = "day" | "range";

interface ChangesPanelProps {
  readonly range: Range;
  readonly told: Told;
  readonly onTold: (told: Told) => void;
  /** Part of a function's name; empty for all. */
  readonly name: string;
}

export function ChangesPanel({ range, told, onTold, name }: ChangesPanelProps): JSX.Element {
  const query = useQuery(changesQuery(range, told === "day"));
  const panel = useRef<HTMLElement>(null);
  useChangeKeys(panel);
  const isDay = range.kind === "last" && range.length === "24h";
  const before = told === "day" ? "the day before" : beforeText(range);
  return (
    <section className="panel changes" ref={panel} aria-labelledby="changes-title" aria-busy={query.isFetching}>
      <header>
        <h2 id="changes-title">What changed since {before}</h2>
        {!isDay && (
          <Choice<Told>
            label="Compared are"
            value={told}
            options={[
              { value: "day", label: "a day", title: "The day up to now with the day before" },
              { value: "range", label: "this range", title: "The range of this page with as long a time before" },
            ]}
            onChange={onTold}
          />
        )}
      </header>
      {query.data === undefined ? (
        <Unknown error={query.error} retry={query.refetch} />
      ) : (
        <List of={query.data} shown={told === "day" ? DAY_UP_TO_NOW : range} name={name} />
      )}
    </section>
  );
}

interface UnknownProps {
  readonly error: Error | null;
  readonly retry: () => void;
}

/** The table says whether anything can be read at all; this is a line. */
function Unknown({ error, retry }: UnknownProps): JSX.Element {
  if (error === null) return <Skeleton rows={3} what="changes" />;
  return (
    <p className="changes-none" role="alert">
      <span className="bad">What changed could not be read.</span> {error.message}{" "}
      <button type="button" className="button" onClick={() => retry()}>
        <Icon name="refresh" />
        Try again
      </button>
    </p>
  );
}

interface ListProps {
  readonly of: Changes;
  /** What was asked, as a page would show it. */
  readonly shown: Range;
  readonly name: string;
}

function List({ of, shown, name }: ListProps): JSX.Element {
  const found = of.changes.filter(one => one.function.toLowerCase().includes(name.toLowerCase()));
  if (found.length === 0) {
    return (
      <p className="changes-none">
        {of.changes.length === 0
          ? "Nothing: no new error, version or function, and no figure that moved by more than it does by chance."
          : `Nothing of a function with “${name}” in its name.`}
      </p>
    );
  }
  const rest = found.slice(OPEN);
  const list = (changes: readonly Change[]) => (
    <ol>
      {changes.map(one => (
        <Item key={keyOf(one)} of={one} all={of.changes} shown={shown} />
      ))}
    </ol>
  );
  return (
    <>
      {list(found.slice(0, OPEN))}
      {rest.length > 0 && (
        <details>
          <summary>{plural(rest.length, "more change")}</summary>
          {list(rest)}
        </details>
      )}
    </>
  );
}

interface ItemProps {
  readonly of: Change;
  readonly all: readonly Change[];
  readonly shown: Range;
}

function Item({ of, all, shown }: ItemProps): JSX.Element {
  const { before, after } = figuresOf(of);
  const version = newVersionOf(of, all);
  return (
    <li className={of.isWorse ? "change change-bad" : "change"}>
      <span className="change-mark" aria-hidden="true">
        {of.isWorse ? "▲" : "·"}
      </span>
      <span className="change-said">
        <ToPage page={explained(of, shown)}>
          <b>{of.function}</b> {said(of)}
        </ToPage>
        {of.isWorse && <span className="hidden">, worse</span>}
      </span>
      <span className="change-figures">
        {before !== null && after !== null ? (
          <>
            {before} <span aria-hidden="true">→</span>
            <span className="hidden"> before, now </span> <strong>{after}</strong>
          </>
        ) : (
          (after ?? before)
        )}
      </span>
      <span className="change-at">
        {of.at !== null && (
          <>
            {of.kind === "silent" && "last "}
            <Moment at={of.at} form="ago" />{" "}
          </>
        )}
        {version !== null && <NewVersion of={version} shown={shown} />}
      </span>
    </li>
  );
}

function useChangeKeys(panel: RefObject<HTMLElement | null>): void {
  const go = (step: 1 | -1) => {
    const all = [...(panel.current?.querySelectorAll<HTMLElement>("[data-change]") ?? [])];
    const current = all.indexOf(document.activeElement as HTMLElement);
    const next = all[current === -1 && step === -1 ? all.length - 1 : (current + step + all.length) % all.length];
    const folded = next?.closest("details");
    if (folded) folded.open = true;
    next?.focus({ preventScroll: true });
    next?.closest("li")?.scrollIntoView({ block: "nearest" });
  };
  useKeys("What changed", [
    { keys: ["n"], does: "next change", run: () => go(1) },
    { keys: ["N"], does: "previous change", run: () => go(-1) },
  ]);
}
