/** The views of one trace, of which one is shown; each has a key. */

import type { JSX, KeyboardEvent } from "react";

import { TABS, type Tab } from "./url.ts";

export const TAB_NAMES: Readonly<Record<Tab, { readonly name: string; readonly does: string }>> = {
  waterfall: { name: "Waterfall", does: "the waterfall" },
  flame: { name: "Flame", does: "the flame graph" },
  table: { name: "Table", does: "the table of spans" },
  logs: { name: "Logs", does: "the logs" },
  journey: { name: "Journey", does: "the journey" },
  raw: { name: "Raw", does: "the spans as JSON" },
  compare: { name: "Compare", does: "compare with others" },
};

export const PANEL = "trace-view";
export const tabId = (tab: Tab): string => `trace-tab-${tab}`;

interface TabsProps {
  readonly shown: Tab;
  readonly onChange: (tab: Tab) => void;
}

export function Tabs({ shown, onChange }: TabsProps): JSX.Element {
  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    const step = STEPS[event.key];
    if (step === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = TABS[step(TABS.indexOf(shown))] ?? shown;
    onChange(next);
    document.getElementById(tabId(next))?.focus();
  };
  return (
    <div className="trace-tabs" role="tablist" aria-label="Views of the trace" onKeyDown={onKeyDown} data-own-arrows>
      {TABS.map((tab, at) => (
        <button
          type="button"
          key={tab}
          id={tabId(tab)}
          role="tab"
          aria-selected={tab === shown}
          aria-controls={PANEL}
          tabIndex={tab === shown ? 0 : -1}
          title={`${TAB_NAMES[tab].does} (${at + 1})`}
          onClick={() => onChange(tab)}
        >
          {TAB_NAMES[tab].name} <kbd aria-hidden="true">{at + 1}</kbd>
        </button>
      ))}
    </div>
  );
}

const STEPS: Readonly<Record<string, (at: number) => number>> = {
  ArrowRight: at => (at + 1) % TABS.length,
  ArrowLeft: at => (at + TABS.length - 1) % TABS.length,
  Home: () => 0,
  End: () => TABS.length - 1,
};
