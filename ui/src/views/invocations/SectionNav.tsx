/** The way around a long page: it stays in sight, and says where one is. */

import { type JSX, useEffect, useRef, useState } from "react";

import { useKeys } from "../../widgets/keys.ts";
import { SECTIONS, type SectionId } from "./sections.ts";

export interface SectionNote {
  readonly text: string;
  readonly isBad: boolean;
}

interface SectionNavProps {
  /** What is said of a section beside its title. */
  readonly notes: Readonly<Partial<Record<SectionId, SectionNote>>>;
}

export function SectionNav({ notes }: SectionNavProps): JSX.Element {
  const nav = useRef<HTMLElement>(null);
  const current = useCurrentSection(nav);
  const go = (step: 1 | -1) => {
    // Where the last key went; what is seen follows the scrolling a moment later.
    const gone = SECTIONS.findIndex(({ id }) => id === document.activeElement?.id);
    const at = gone >= 0 ? gone : SECTIONS.findIndex(({ id }) => id === current);
    const next = SECTIONS[Math.min(SECTIONS.length - 1, Math.max(0, at + step))];
    const section = next === undefined ? null : document.getElementById(next.id);
    section?.scrollIntoView({ block: "start" });
    section?.focus({ preventScroll: true });
  };
  useKeys("Sections", [
    { keys: ["]"], does: "next section", run: () => go(1) },
    { keys: ["["], does: "previous section", run: () => go(-1) },
  ]);
  useEffect(() => {
    const list = nav.current;
    const link = list?.querySelector<HTMLElement>("[aria-current]");
    if (!list || !link) return;
    // Sideways alone: the page itself stays where it is.
    list.scrollLeft = link.offsetLeft - (list.clientWidth - link.offsetWidth) / 2;
  });
  return (
    <nav className="section-nav" ref={nav} aria-label="Sections">
      <ul>
        {SECTIONS.map(({ id, title }) => (
          <li key={id}>
            <a href={`#${id}`} aria-current={id === current ? "location" : undefined}>
              {title}
              {notes[id] !== undefined && (
                <span className={notes[id].isBad ? "section-note bad" : "section-note"}>{notes[id].text}</span>
              )}
            </a>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** The last section that begins above the middle of what is seen. */
function useCurrentSection(nav: React.RefObject<HTMLElement | null>): SectionId {
  const [current, setCurrent] = useState<SectionId>(SECTIONS[0].id);
  useEffect(() => {
    let frame = 0;
    const look = () => {
      frame = 0;
      const under = (nav.current?.getBoundingClientRect().bottom ?? 0) + innerHeight / 5;
      const isAtEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2 && scrollY > 0;
      const begun = SECTIONS.map(({ id }) => ({ id, top: document.getElementById(id)?.getBoundingClientRect().top }))
        .filter(({ top }) => top !== undefined && top <= under)
        // Beside each other the one further down is meant, and of those at one height the first.
        .reduce<{ id: SectionId; top: number }>((last, { id, top = 0 }) => (top > last.top ? { id, top } : last), {
          id: SECTIONS[0].id,
          top: Number.NEGATIVE_INFINITY,
        });
      setCurrent(isAtEnd ? "invocations" : begun.id);
    };
    const soon = () => {
      if (frame === 0) frame = requestAnimationFrame(look);
    };
    look();
    addEventListener("scroll", soon, { passive: true });
    addEventListener("resize", soon);
    return () => {
      removeEventListener("scroll", soon);
      removeEventListener("resize", soon);
      cancelAnimationFrame(frame);
    };
  }, [nav]);
  return current;
}
