/** What is around every page: where to go, the search by id, the theme, the help. */

import { useQuery } from "@tanstack/react-query";
import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { type FormEvent, type JSX, useEffect, useRef, useState } from "react";

import { activeAlertsQuery } from "../api/active-alerts.ts";
import { isTraceId } from "../api/queries.ts";
import { plural } from "../base/format.ts";
import { firing } from "../model/alert.ts";
import { HelpDialog } from "../widgets/HelpDialog.tsx";
import { Icon } from "../widgets/Icon.tsx";
import { useKeys } from "../widgets/keys.ts";
import { nextTheme, useTheme } from "../widgets/theme.ts";

export function Shell(): JSX.Element {
  const [helping, setHelping] = useState(false);
  const navigate = useNavigate();
  const inFunctions = useRouterState({ select: state => state.location.pathname.startsWith("/functions/") });
  const jump = useRef<HTMLInputElement>(null);
  useKeys("Everywhere", [
    { keys: ["g f"], does: "go to the functions", run: () => navigate({ to: "/" }) },
    { keys: ["g c"], does: "go to what costs", run: () => navigate({ to: "/findings" }) },
    { keys: ["g i"], does: "go to the invocations", run: () => navigate({ to: "/invocations" }) },
    { keys: ["g t"], does: "go to the traces", run: () => navigate({ to: "/traces" }) },
    { keys: ["g s"], does: "go to the search", run: () => navigate({ to: "/search" }) },
    { keys: ["g a"], does: "go to the alerts", run: () => navigate({ to: "/alerts" }) },
    { keys: ["o"], does: "open by id", run: () => jump.current?.focus() },
    { keys: ["t"], does: "change the theme", run: nextTheme },
    { keys: ["?"], does: "show the keys", run: () => setHelping(true) },
  ]);
  return (
    <>
      <a className="skip" href="#main">
        To the content
      </a>
      <header className="top">
        <Link to="/" className="brand" aria-label="Coldtrace: to the functions">
          <Brand />
          <span>Coldtrace</span>
        </Link>
        <nav aria-label="Pages">
          <Link to="/" className={inFunctions ? "active" : ""} activeOptions={{ exact: true, includeSearch: false }}>
            Functions
          </Link>
          <Link to="/findings" activeOptions={{ includeSearch: false }}>
            Findings
          </Link>
          <Link to="/invocations" activeOptions={{ includeSearch: false }}>
            Invocations
          </Link>
          <Link to="/traces" activeOptions={{ includeSearch: false }}>
            Traces
          </Link>
          <Link to="/search" activeOptions={{ includeSearch: false }}>
            Search
          </Link>
          <Link to="/alerts" activeOptions={{ includeSearch: false }}>
            Alerts
            <FiringCount />
          </Link>
        </nav>
        <OpenById field={jump} />
        <ThemeButton />
        <button
          type="button"
          className="button square wide-only"
          aria-label="Show the keys"
          title="Keys (?)"
          onClick={() => setHelping(true)}
        >
          <Icon name="help" />
        </button>
      </header>
      <Main />
      {helping && <HelpDialog close={() => setHelping(false)} />}
    </>
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

/** The page itself. It takes the focus when another page is shown, so that the keyboard and readers start there. */
function Main(): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: state => state.resolvedLocation?.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path is another page
  useEffect(() => {
    const left = document.activeElement === document.body || document.activeElement?.closest(".top nav, .brand");
    if (left) main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <main id="main" ref={main} tabIndex={-1}>
      <Outlet />
    </main>
  );
}

function OpenById({ field }: { readonly field: React.RefObject<HTMLInputElement | null> }): JSX.Element {
  const navigate = useNavigate();
  const open = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const id = field.current?.value.trim() ?? "";
    if (id === "") return;
    event.currentTarget.reset();
    field.current?.blur();
    if (isTraceId(id)) navigate({ to: "/traces/$traceId", params: { traceId: id.toLowerCase() } });
    else navigate({ to: "/invocations/$requestId", params: { requestId: id } });
  };
  return (
    <search className="jump">
      <form onSubmit={open}>
        <label className="field">
          <Icon name="search" />
          <span className="hidden">Request id or trace id</span>
          <input
            ref={field}
            placeholder="Request id or trace id"
            spellCheck={false}
            autoComplete="off"
            onKeyDown={event => {
              if (event.key === "Escape") event.currentTarget.blur();
            }}
          />
          <kbd aria-hidden="true">o</kbd>
        </label>
      </form>
    </search>
  );
}

function ThemeButton(): JSX.Element {
  const theme = useTheme();
  const text = theme === "system" ? "Theme: as the system" : `Theme: ${theme}`;
  return (
    <button type="button" className="button square" aria-label={text} title={`${text} (t)`} onClick={nextTheme}>
      <Icon name="theme" />
    </button>
  );
}

/** Three bars of a waterfall, the first of them cold. */
function Brand(): JSX.Element {
  return (
    <svg className="brand-mark" viewBox="0 0 18 16" aria-hidden="true">
      <rect className="brand-cold" x="0" y="1" width="8" height="3.4" rx="1" />
      <rect className="brand-run" x="5" y="6.3" width="13" height="3.4" rx="1" />
      <rect className="brand-run" x="9" y="11.6" width="6" height="3.4" rx="1" />
    </svg>
  );
}
