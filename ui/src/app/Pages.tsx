/** The way to every page: as many side by side as there is room for, the others in a menu. */

import { useQuery } from "@tanstack/react-query";
import { Link, useNavigate, useRouterState } from "@tanstack/react-router";
import { type JSX, type KeyboardEvent, useEffect, useRef, useState } from "react";

import { activeAlertsQuery } from "../api/active-alerts.ts";
import { plural } from "../base/format.ts";
import { firing } from "../model/alert.ts";
import { Icon } from "../widgets/Icon.tsx";
import { useKeys } from "../widgets/keys.ts";
import { useNarrow, useWide } from "../widgets/media.ts";

/** How much room there is: a phone, half a screen, a screen. */
type Room = 0 | 1 | 2;

/** `from` says from how much room on a page stands in the bar; 3 for those that are always in the menu. */
export const PAGES = [
  { to: "/", name: "Overview", key: "g f", does: "go to the overview of all functions", from: 0 },
  { to: "/findings", name: "Findings", key: "g c", does: "go to what costs", from: 2 },
  { to: "/invocations", name: "Invocations", key: "g i", does: "go to the invocations", from: 0 },
  { to: "/traces", name: "Traces", key: "g t", does: "go to the traces", from: 1 },
  { to: "/search", name: "Search", key: "g s", does: "go to the search", from: 1 },
  { to: "/alerts", name: "Alerts", key: "g a", does: "go to the alerts", from: 0 },
  { to: "/errors", name: "Errors", key: "g e", does: "go to the errors", from: 3 },
  { to: "/logs", name: "Logs", key: "g l", does: "go to the logs", from: 3 },
  { to: "/map", name: "Map", key: "g m", does: "go to the map", from: 3 },
  { to: "/cold-starts", name: "Cold starts", key: "g d", does: "go to the cold starts", from: 3 },
  { to: "/tail", name: "Live", key: "g v", does: "go to what comes, live", from: 3 },
  { to: "/settings", name: "Settings", key: "g ,", does: "go to the settings", from: 3 },
] as const;

type PageEntry = (typeof PAGES)[number];

export function Pages(): JSX.Element {
  const navigate = useNavigate();
  const path = useRouterState({ select: state => state.location.pathname });
  const room = useRoom();
  useKeys(
    "Everywhere",
    PAGES.map(({ to, key, does }) => ({ keys: [key], does, run: () => navigate({ to }) })),
  );
  const inBar = PAGES.filter(({ from }) => from <= room);
  const inMenu = PAGES.filter(({ from }) => from > room);
  return (
    <nav aria-label="Pages">
      {inBar.map(page => (
        <PageLink key={page.to} page={page} path={path} />
      ))}
      <Menu pages={inMenu} path={path} />
    </nav>
  );
}

function useRoom(): Room {
  const narrow = useNarrow();
  const wide = useWide();
  if (narrow) return 0;
  return wide ? 2 : 1;
}

/** The overview is the first page; functions have pages of their own below it. */
function isAt({ to }: PageEntry, path: string): boolean {
  if (to === "/") return path === "/" || path === "/start" || path.startsWith("/functions/");
  return path === to || path.startsWith(`${to}/`);
}

interface PageLinkProps {
  readonly page: PageEntry;
  readonly path: string;
  readonly onClick?: () => void;
}

function PageLink({ page, path, onClick }: PageLinkProps): JSX.Element {
  return (
    <Link
      to={page.to}
      className={isAt(page, path) ? "active" : ""}
      activeOptions={{ exact: page.to === "/", includeSearch: false }}
      {...(onClick !== undefined && { onClick })}
    >
      {page.name}
      {page.to === "/alerts" && <FiringCount />}
    </Link>
  );
}

interface MenuProps {
  readonly pages: readonly PageEntry[];
  readonly path: string;
}

/** Its button has the name of the page that is shown, where that is one of these. */
function Menu({ pages, path }: MenuProps): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const menu = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const shown = pages.find(page => isAt(page, path));
  // biome-ignore lint/correctness/useExhaustiveDependencies: another page was chosen
  useEffect(() => setOpen(false), [path]);
  useEffect(() => {
    if (!isOpen) return;
    const away = (event: Event) => {
      if (!(event.target instanceof Node) || !menu.current?.contains(event.target)) setOpen(false);
    };
    document.addEventListener("pointerdown", away);
    document.addEventListener("focusin", away);
    return () => {
      document.removeEventListener("pointerdown", away);
      document.removeEventListener("focusin", away);
    };
  }, [isOpen]);
  const onKeyDown = (event: KeyboardEvent) => {
    const links = [...(menu.current?.querySelectorAll("a") ?? [])];
    const at = links.indexOf(document.activeElement as HTMLAnchorElement);
    if (event.key === "Escape" && isOpen) {
      setOpen(false);
      button.current?.focus();
    } else if (event.key === "ArrowDown" && isOpen) links[Math.min(at + 1, links.length - 1)]?.focus();
    else if (event.key === "ArrowUp" && isOpen) links[Math.max(at - 1, 0)]?.focus();
    else return;
    event.preventDefault();
    event.stopPropagation();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the button and links inside
    <div className="pages-menu" ref={menu} onKeyDown={onKeyDown}>
      <button
        ref={button}
        type="button"
        className={shown === undefined ? "" : "active"}
        aria-label={shown === undefined ? "More pages" : `${shown.name}, more pages`}
        aria-expanded={isOpen}
        aria-controls="pages-more"
        onClick={() => setOpen(!isOpen)}
      >
        {shown?.name ?? "More"}
        <Icon name="down" />
      </button>
      <div id="pages-more" hidden={!isOpen}>
        {pages.map(page => (
          <PageLink key={page.to} page={page} path={path} onClick={() => setOpen(false)} />
        ))}
      </div>
    </div>
  );
}

/** How many alerts fire now. Where that can't be told, nothing is said: it is no page's own concern. */
function FiringCount(): JSX.Element | null {
  const { data } = useQuery(activeAlertsQuery());
  const count = data === undefined ? 0 : firing(data.alerts).length;
  if (count === 0) return null;
  return (
    <span className="firing-count" title={`${plural(count, "alert")} ${count === 1 ? "fires" : "fire"} now`}>
      {count}
      <span className="hidden">{count === 1 ? "fires" : "fire"} now</span>
    </span>
  );
}
