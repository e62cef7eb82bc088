/** What this browser keeps of queries: those that were saved, and those that were asked lately. */

import { Link } from "@tanstack/react-router";
import { type FormEvent, type JSX, useEffect, useRef, useState } from "react";

import { fromMillis } from "../../base/time.ts";
import { type KeptQueries, withoutAsked, withoutSaved, withSaved } from "../../model/kept-queries.ts";
import { Icon } from "../../widgets/Icon.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { changeKept, useKept } from "./kept.ts";
import { type SearchSearch, withoutLengths } from "./url.ts";

interface ShelfProps {
  /** What the page shows. */
  readonly search: SearchSearch;
}

const PANEL = "query-shelf";

/** The button, and the panel that it opens. */
export function Shelf({ search }: ShelfProps): JSX.Element {
  const [isOpen, open] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const panel = useRef<HTMLElement>(null);
  const close = () => {
    open(false);
    button.current?.focus();
  };
  useKeys("Query", [
    { keys: ["h"], does: "saved and recent queries", run: () => open(!isOpen) },
    ...(isOpen ? [{ keys: ["Escape"], does: "close them", run: close }] : []),
  ]);
  const { kept } = useKept();
  // biome-ignore lint/correctness/useExhaustiveDependencies: what was pressed may have gone with what it was about
  useEffect(() => {
    if (isOpen && document.activeElement === document.body) panel.current?.focus();
  }, [kept]);
  useEffect(() => {
    if (isOpen) panel.current?.querySelector<HTMLElement>("a, input, button")?.focus();
  }, [isOpen]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another query was chosen
  useEffect(() => open(false), [search.q]);
  return (
    <div className="shelf">
      <button
        type="button"
        className="button"
        ref={button}
        aria-expanded={isOpen}
        aria-controls={isOpen ? PANEL : undefined}
        onClick={() => open(!isOpen)}
      >
        <Icon name="clock" />
        Saved and recent <kbd aria-hidden="true">h</kbd>
      </button>
      {isOpen && (
        <section className="shelf-panel" id={PANEL} ref={panel} tabIndex={-1} aria-label="Saved and recent queries">
          {search.q !== undefined && <SaveForm key={search.q} query={search.q} />}
          <KeptLists search={search} />
        </section>
      )}
    </div>
  );
}

function SaveForm({ query }: { readonly query: string }): JSX.Element {
  const { kept } = useKept();
  const known = kept.saved.find(one => one.query === query);
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    if (name !== "") changeKept(before => withSaved(before, name, query));
  };
  if (known !== undefined) {
    return (
      <p className="shelf-save">
        <Icon name="check" /> Saved as “{known.name}”.
      </p>
    );
  }
  return (
    <form className="shelf-save" onSubmit={save}>
      <label>
        Save this query as
        <input name="name" className="text-field" maxLength={80} required autoComplete="off" placeholder="a name" />
      </label>
      <button type="submit" className="button">
        Save
      </button>
    </form>
  );
}

interface KeptListsProps extends ShelfProps {
  /** Of those that were asked, so many. */
  readonly most?: number;
}

/** Both lists, each with the way to leave one out. */
export function KeptLists({ search, most }: KeptListsProps): JSX.Element {
  const { kept, isLasting } = useKept();
  const asked = kept.asked.slice(0, most);
  return (
    <>
      <section aria-labelledby="kept-saved">
        <h2 id="kept-saved">Saved</h2>
        {kept.saved.length === 0 ? (
          <p className="faint">None yet. A query that was asked can be saved under a name.</p>
        ) : (
          <ul>
            {kept.saved.map(({ name, query }) => (
              <li key={name}>
                <QueryLink search={search} query={query}>
                  <strong>{name}</strong>
                </QueryLink>
                <Delete label={`Delete ${name}`} change={before => withoutSaved(before, name)} />
              </li>
            ))}
          </ul>
        )}
      </section>
      <section aria-labelledby="kept-asked">
        <h2 id="kept-asked">Recent</h2>
        {asked.length === 0 ? (
          <p className="faint">None yet.</p>
        ) : (
          <ul>
            {asked.map(({ query, at }) => (
              <li key={query}>
                <QueryLink search={search} query={query}>
                  <span className="faint">
                    <Moment at={fromMillis(at)} form="ago" />
                  </span>
                </QueryLink>
                <Delete label={`Delete ${query}`} change={before => withoutAsked(before, query)} />
              </li>
            ))}
          </ul>
        )}
        {asked.length > 1 && (
          <button type="button" className="link" onClick={() => changeKept(before => ({ ...before, asked: [] }))}>
            Delete all recent
          </button>
        )}
      </section>
      <p className="shelf-note">
        {isLasting
          ? "Both are kept in this browser alone, and on no server."
          : "This browser keeps nothing (a private window?): both are gone when the page is closed."}
      </p>
    </>
  );
}

interface QueryLinkProps extends ShelfProps {
  readonly query: string;
  readonly children: JSX.Element;
}

/** The query as it would be asked now: in the range and the view that are shown. */
function QueryLink({ search, query, children }: QueryLinkProps): JSX.Element {
  return (
    <Link to="/search" search={{ ...withoutLengths(search), q: query }}>
      {children}
      <code>{query}</code>
    </Link>
  );
}

interface DeleteProps {
  readonly label: string;
  readonly change: (before: KeptQueries) => KeptQueries;
}

function Delete({ label, change }: DeleteProps): JSX.Element {
  return (
    <button type="button" className="copy" aria-label={label} title={label} onClick={() => changeKept(change)}>
      <Icon name="close" />
    </button>
  );
}
