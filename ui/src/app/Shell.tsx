/** What is around every page: where to go, the search by id, the theme, the help. */

import { Link, Outlet, useNavigate, useRouterState } from "@tanstack/react-router";
import { type FormEvent, type JSX, useEffect, useRef, useState } from "react";

import { isTraceId } from "../api/queries.ts";
import { HelpDialog } from "../widgets/HelpDialog.tsx";
import { Icon } from "../widgets/Icon.tsx";
import { useKeys } from "../widgets/keys.ts";
import { nextTheme, useTheme } from "../widgets/theme.ts";
import { Pages } from "./Pages.tsx";

export function Shell(): JSX.Element {
  const [helping, setHelping] = useState(false);
  const jump = useRef<HTMLInputElement>(null);
  useKeys("Everywhere", [
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
        <Pages />
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
