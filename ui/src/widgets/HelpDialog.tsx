/** Every key that can be pressed on the page that is shown. */

import { type JSX, useEffect, useRef } from "react";

import { currentKeys } from "./keys.ts";

const NAMES: Readonly<Record<string, string>> = {
  ArrowDown: "↓",
  ArrowUp: "↑",
  ArrowLeft: "←",
  ArrowRight: "→",
  Escape: "esc",
  Enter: "enter",
  Home: "home",
  End: "end",
  PageDown: "page ↓",
  PageUp: "page ↑",
  " ": "space",
};

export function HelpDialog({ close }: { readonly close: () => void }): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const titles = [...new Set(currentKeys().map(group => group.title))];
  return (
    <dialog className="help" ref={dialog} onClose={close} aria-labelledby="help-title">
      <header>
        <h2 id="help-title">Keys</h2>
        <button type="button" className="button" onClick={close}>
          Close <kbd>esc</kbd>
        </button>
      </header>
      <div className="help-groups">
        {titles.toReversed().map(title => (
          <section key={title}>
            <h3>{title}</h3>
            <dl>
              {currentKeys()
                .filter(group => group.title === title)
                .flatMap(group => group.bindings)
                .map(binding => (
                  <div key={binding.does}>
                    <dt>
                      {binding.keys.map(keys => (
                        <kbd key={keys}>{spoken(keys)}</kbd>
                      ))}
                    </dt>
                    <dd>{binding.does}</dd>
                  </div>
                ))}
            </dl>
          </section>
        ))}
      </div>
    </dialog>
  );
}

/** Two in a row stand side by side. */
const spoken = (keys: string): string => NAMES[keys] ?? keys.split(" ").map(shown).join(" ");

const shown = (key: string): string => NAMES[key] ?? key;
