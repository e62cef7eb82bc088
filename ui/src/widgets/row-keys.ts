/** Moving through the rows of a list by key. A row is focused through its link, or its button, which Enter then opens. */

import { type RefObject, useEffect, useRef } from "react";

import { type Binding, useKeys } from "./keys.ts";

const LINKS = "a[data-row], button[data-row]";

/** The row that was opened last, per page, so that coming back finds it again. */
const opened = new Map<string, string>();

export function useRowKeys(list: RefObject<HTMLElement | null>, count: number): void {
  const links = () => [...(list.current?.querySelectorAll<HTMLElement>(LINKS) ?? [])].filter(isOpen);
  const current = () => links().indexOf(document.activeElement as HTMLElement);
  const focus = (at: number) => {
    const all = links();
    const link = all[Math.min(Math.max(at, 0), all.length - 1)];
    link?.focus({ preventScroll: true });
    link?.closest("tr, li")?.scrollIntoView({ block: "nearest" });
  };
  const bindings: Binding[] = [
    { keys: ["j", "ArrowDown"], does: "next row", run: () => focus(current() + 1) },
    { keys: ["k", "ArrowUp"], does: "previous row", run: () => focus(current() - 1) },
    { keys: ["g g", "Home"], does: "first row", run: () => focus(0) },
    { keys: ["G", "End"], does: "last row", run: () => focus(links().length - 1) },
    { keys: ["Enter"], does: "open the row", run: () => focus(0) },
  ];
  useKeys("List", bindings);
  useReturn(list, count);
}

/** Rows that are folded away are passed by. */
const isOpen = (link: Element): boolean => link.closest("details:not([open])") === null;

/** Where a row leads; or its own name, where several lead to the same place. */
const nameOf = (link: HTMLElement): string | undefined =>
  link.dataset.row === "true" ? link.getAttribute("href")?.split("?")[0] : link.dataset.row;

/** Notes which row is left, and focuses it when the list is shown again. */
function useReturn(list: RefObject<HTMLElement | null>, count: number): void {
  const returned = useRef(false);
  useEffect(() => {
    const element = list.current;
    if (element === null || count === 0) return;
    const page = location.pathname;
    const note = (event: Event) => {
      const link = event.target instanceof Element ? event.target.closest<HTMLElement>(LINKS) : null;
      if (link !== null) opened.set(page, nameOf(link) ?? "");
    };
    element.addEventListener("click", note);
    if (!returned.current) {
      returned.current = true;
      const last = opened.get(page);
      const same = (link: HTMLElement) => nameOf(link) === last;
      const link = [...element.querySelectorAll<HTMLElement>(LINKS)].find(same);
      link?.focus({ preventScroll: true });
      opened.delete(page);
    }
    return () => element.removeEventListener("click", note);
  }, [list, count]);
}
