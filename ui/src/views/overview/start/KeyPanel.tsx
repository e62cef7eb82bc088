/** A key to send with: made here by who may, else how to get one. */

import { type FormEvent, type JSX, useId } from "react";

import { useCreateKey } from "../../../api/settings.ts";
import { keyMaker, type StartSettings } from "../../../model/start.ts";
import { Command, Copy } from "../../../widgets/Copy.tsx";

/** As the API allows. */
const LONGEST_NAME = 100;

interface KeyPanelProps {
  readonly settings: StartSettings;
  /** Of the key that was made here; null before. */
  readonly secret: string | null;
  readonly onSecret: (secret: string) => void;
}

export function KeyPanel({ settings, secret, onSecret }: KeyPanelProps): JSX.Element {
  switch (keyMaker(settings)) {
    case "nobody needs one":
      return (
        <p className="start-key">
          No key is demanded here. Beyond this machine every sender needs one: <code>coldtrace keys create</code> makes
          it, and from the first on all need one.
        </p>
      );
    case "here":
      return secret === null ? <MakeKey onSecret={onSecret} /> : <MadeKey secret={secret} />;
    case "somebody else":
      return (
        <div className="start-key">
          <p>
            It needs a key of scope ingest, which your own key may not make. Who runs Coldtrace makes it with this, and
            gives you what it prints to put in place of <code>KEY</code>:
          </p>
          <Command text="coldtrace keys create --name hello" />
        </div>
      );
  }
}

function MakeKey({ onSecret }: { readonly onSecret: (secret: string) => void }): JSX.Element {
  const id = useId();
  const making = useCreateKey();
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name")).trim();
    if (name === "") return;
    making.mutate({ name, scope: "ingest", expiresIn: null }, { onSuccess: ({ secret }) => onSecret(secret) });
  };
  return (
    <form className="start-key" onSubmit={submit}>
      <p>
        It needs a key of scope ingest. One for each application can be revoked alone. It is filled in below where{" "}
        <code>KEY</code> stands.
      </p>
      <div className="start-make">
        <label htmlFor={id}>Name of the key</label>
        <input id={id} name="name" defaultValue="hello" required maxLength={LONGEST_NAME} spellCheck={false} />
        <button type="submit" className="button" disabled={making.isPending}>
          Make a key
        </button>
      </div>
      {making.error !== null && (
        <p className="bad" role="alert">
          No key was made. {making.error.message}
        </p>
      )}
    </form>
  );
}

function MadeKey({ secret }: { readonly secret: string }): JSX.Element {
  return (
    <div className="start-key" role="status">
      <p>
        <strong>This key is shown once.</strong> It stands in what is below; keep it where your secrets are.
      </p>
      <p className="start-secret">
        <code>{secret}</code>
        <Copy text={secret} what="key" />
      </p>
    </div>
  );
}
