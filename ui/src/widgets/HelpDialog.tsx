/** Every key that can be pressed on the page that is shown. */

import type { JSX } from "react";

import { Dialog } from "./Dialog.tsx";
import { type Binding, currentKeys, spoken } from "./keys.ts";

export function HelpDialog({ close: onClosed }: { readonly close: () => void }): JSX.Element {
  const titles = [...new Set(currentKeys().map(group => group.title))];
  return (
    <Dialog className="help" labelledBy="help-title" onClosed={onClosed}>
      {close => (
        <>
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
                  {bindingsOf(title).map(binding => (
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
        </>
      )}
    </Dialog>
  );
}

/** Of all that are there under that title; each once, however often it is bound. */
function bindingsOf(title: string): readonly Binding[] {
  const all = currentKeys().filter(group => group.title === title);
  const bindings = all.flatMap(group => group.bindings);
  return bindings.filter(({ does }, at) => bindings.findIndex(one => one.does === does) === at);
}
