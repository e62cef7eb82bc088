/** What is around every page: where to go, the palette, by whose clock times are, the theme, the help. */

import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { type JSX, lazy, Suspense, useEffect, useRef, useState } from "react";

import { zoneName } from "../base/zone.ts";
import { HelpDialog } from "../widgets/HelpDialog.tsx";
import { Icon } from "../widgets/Icon.tsx";
import { spoken, useKeys } from "../widgets/keys.ts";
import { nextTheme, useTheme } from "../widgets/theme.ts";
import { nextTimeForm, nextZone, useTimes } from "../widgets/times.ts";
import { Pages } from "./Pages.tsx";

/** Loaded when the page has come to rest, or is about to open it: what is typed after it was asked for is typed into it. */
const loadPalette = () => import("./Palette.tsx");
const REST_MS = 1_500;
const Palette = lazy(loadPalette);

export function Shell(): JSX.Element {
  const [helping, setHelping] = useState(false);
  const [going, setGoing] = useState(false);
  const go = () => setGoing(true);
  useEffect(() => {
    const timer = setTimeout(loadPalette, REST_MS);
    return () => clearTimeout(timer);
  }, []);
  useKeys("Everywhere", [
    { keys: ["Mod+k", "o"], does: "go anywhere, open an id, do something", run: go },
    { keys: ["t"], does: "change the theme", run: nextTheme },
    { keys: ["U"], does: "times here or in UTC", run: nextZone },
    { keys: ["A"], does: "times as how long ago or as dates", run: nextTimeForm },
    { keys: ["?"], does: "show the keys", run: () => setHelping(true) },
  ]);
  return (
    <>
      <a className="skip" href="#main">
        To the content
      </a>
      <header className="top">
        <Link to="/" className="brand" aria-label="Coldtrace: to the overview">
          <Brand />
          <span>Coldtrace</span>
        </Link>
        <Pages />
        <PaletteButton open={go} />
        <ZoneButton />
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
      {going && (
        <Suspense fallback={null}>
          <Palette onClosed={() => setGoing(false)} />
        </Suspense>
      )}
    </>
  );
}

/** The page itself. It takes the focus when another page is shown, so that the keyboard and readers start there. */
function Main(): JSX.Element {
  const main = useRef<HTMLElement>(null);
  const path = useRouterState({ select: state => state.resolvedLocation?.pathname });
  // biome-ignore lint/correctness/useExhaustiveDependencies: another path is another page
  useEffect(() => {
    const left = document.activeElement === document.body || document.activeElement?.closest(".top nav, .brand, .jump");
    if (left) main.current?.focus({ preventScroll: true });
  }, [path]);
  return (
    <main id="main" ref={main} tabIndex={-1}>
      <Outlet />
    </main>
  );
}

/** What the palette is opened by; as wide as a field where there is room, as people look for one. */
function PaletteButton({ open }: { readonly open: () => void }): JSX.Element {
  return (
    <search className="jump">
      <button
        type="button"
        className="field"
        aria-haspopup="dialog"
        title="A page, a function, an id, or what to do"
        onClick={open}
        onPointerEnter={() => void loadPalette()}
        onFocus={() => void loadPalette()}
      >
        <Icon name="search" />
        <span>Go to, or paste an id</span>
        <kbd aria-hidden="true">{spoken("Mod+k")}</kbd>
      </button>
    </search>
  );
}

/** By whose clock times are written, and the way to the other. */
function ZoneButton(): JSX.Element {
  const { zone } = useTimes();
  const text = zone === "utc" ? "Times are in UTC" : `Times are by the clock here, ${zoneName("local")}`;
  return (
    <button
      type="button"
      className={zone === "utc" ? "button square zone utc" : "button square zone"}
      aria-label={text}
      title={`${text} (U)`}
      onClick={nextZone}
    >
      {zone === "utc" ? "UTC" : <Icon name="clock" />}
    </button>
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
