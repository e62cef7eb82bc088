/** One line that leads anywhere: to pages, functions, ids, what was asked or seen before; and does what can be done. */

import { useQuery } from "@tanstack/react-query";
import { useRouter } from "@tanstack/react-router";
import { type JSX, type KeyboardEvent, useEffect, useId, useRef, useState } from "react";

import { functionsQuery } from "../api/queries.ts";
import { pieces } from "../model/fuzzy.ts";
import { useKept } from "../views/search/kept.ts";
import { Dialog } from "../widgets/Dialog.tsx";
import { Icon } from "../widgets/Icon.tsx";
import { spoken } from "../widgets/keys.ts";
import { useTimes } from "../widgets/times.ts";
import { bindingItems, offerOf, type PaletteItem, type RankedItem } from "./palette-items.ts";
import { recentPlaces } from "./places.ts";
import "./palette.css";

export default function Palette({ onClosed }: { readonly onClosed: () => void }): JSX.Element {
  return (
    <Dialog className="palette" label="Go to, or do" onClosed={onClosed}>
      {close => <Line close={close} />}
    </Dialog>
  );
}

function Line({ close }: { readonly close: () => void }): JSX.Element {
  const router = useRouter();
  const list = useId();
  const field = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState("");
  const [chosen, choose] = useState(0);
  const offer = useOffer(typed);
  const { items, mistake } = offer;
  const at = Math.min(chosen, items.length - 1);
  useEffect(() => field.current?.focus(), []);
  useEffect(() => {
    document.getElementById(`${list}-${at}`)?.scrollIntoView({ block: "nearest" });
  }, [list, at]);

  const run = ({ href, run: act }: PaletteItem, isApart: boolean) => {
    if (href !== undefined && isApart) {
      window.open(href, "_blank", "noopener");
      return;
    }
    close();
    // What it does may need the page's own focus, which it has again when the dialog has closed.
    setTimeout(() => {
      if (href !== undefined) router.history.push(href);
      else act?.();
    });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isBack = event.key === "ArrowUp" || (event.ctrlKey && event.key === "p");
    const isOn = event.key === "ArrowDown" || (event.ctrlKey && event.key === "n");
    const item = items[at]?.item;
    if (isOn) choose((at + 1) % Math.max(1, items.length));
    else if (isBack) choose((at - 1 + items.length) % Math.max(1, items.length));
    else if (event.key === "Enter" && item !== undefined) run(item, event.ctrlKey || event.metaKey);
    else if (event.key === "k" && (event.ctrlKey || event.metaKey)) close();
    else return;
    event.preventDefault();
  };
  return (
    <>
      <div className="palette-line">
        <Icon name="search" />
        <input
          ref={field}
          role="combobox"
          aria-label="Go to a page, function or id, or do something"
          aria-expanded={items.length > 0}
          aria-controls={list}
          aria-activedescendant={items.length > 0 ? `${list}-${at}` : undefined}
          aria-autocomplete="list"
          placeholder="A page, a function, an id, a query, or what to do"
          spellCheck={false}
          autoComplete="off"
          value={typed}
          onChange={event => {
            setTyped(event.target.value);
            choose(0);
          }}
          onKeyDown={onKeyDown}
        />
        <button type="button" className="button square" aria-label="Close" title="Close (esc)" onClick={close}>
          <Icon name="close" />
        </button>
      </div>
      <p className={mistake === null ? "hidden" : "palette-mistake"} role="status">
        {mistake ?? (items.length === 0 ? "" : `${items.length} to choose from`)}
      </p>
      {items.length === 0 && mistake === null && (
        <p className="palette-nothing">Nothing has that in its name. An id is opened where it is pasted whole.</p>
      )}
      <div className="palette-list" id={list} role="listbox" aria-label="What there is">
        {items.map((one, index) => (
          <Option
            key={one.item.id}
            id={`${list}-${index}`}
            of={one}
            isChosen={index === at}
            isFirst={items[index - 1]?.item.group !== one.item.group}
            onPoint={() => choose(index)}
            onRun={isApart => run(one.item, isApart)}
          />
        ))}
      </div>
    </>
  );
}

function useOffer(typed: string) {
  const functions = useQuery(functionsQuery({ kind: "last", length: "24h" }));
  const { kept } = useKept();
  const times = useTimes();
  // As it was when it was opened.
  const [before] = useState(() => {
    const here = `${location.pathname}${location.search}`;
    return { places: recentPlaces().filter(({ href }) => href !== here), bindings: bindingItems() };
  });
  return offerOf(typed, { functions: functions.data ?? [], queries: kept, times, ...before });
}

interface OptionProps {
  readonly id: string;
  readonly of: RankedItem;
  readonly isChosen: boolean;
  /** Of its group: it says which that is. */
  readonly isFirst: boolean;
  readonly onPoint: () => void;
  readonly onRun: (isApart: boolean) => void;
}

function Option({ id, of: { item, at }, isChosen, isFirst, onPoint, onRun }: OptionProps): JSX.Element {
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: keys are the field's
    <div
      id={id}
      role="option"
      aria-selected={isChosen}
      className={isFirst ? "first" : undefined}
      onPointerMove={isChosen ? undefined : onPoint}
      onClick={event => onRun(event.ctrlKey || event.metaKey)}
    >
      <span className="palette-title">
        {pieces(item.title, at).map(({ text, isMeant }, piece) =>
          isMeant ? <mark key={piece}>{text}</mark> : <span key={piece}>{text}</span>,
        )}
      </span>
      {item.note !== undefined && <span className="palette-note">{item.note}</span>}
      {item.keys !== undefined && <kbd aria-hidden="true">{spoken(item.keys)}</kbd>}
      <span className="palette-group">{item.group}</span>
    </div>
  );
}
