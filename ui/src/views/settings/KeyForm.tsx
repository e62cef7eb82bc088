/** A new key: its name, what it may do, how long it lasts. */

import { type FormEvent, type JSX, useState } from "react";

import { useCreateKey } from "../../api/settings.ts";
import {
  type CreatedKey,
  KEY_SCOPES,
  type KeyScope,
  LIFETIME_NAMES,
  LIFETIMES,
  type Lifetime,
  SCOPE_TEXT,
} from "../../model/settings.ts";
import { SelectField, TextField } from "../../widgets/fields.tsx";
import { Refused } from "../../widgets/Refused.tsx";

interface KeyFormProps {
  /** Nobody needed one so far. */
  readonly isFirst: boolean;
  readonly onMade: (created: CreatedKey) => void;
  readonly onLeft: () => void;
}

export function KeyForm({ isFirst, onMade, onLeft }: KeyFormProps): JSX.Element {
  const [name, setName] = useState(isFirst ? "operator" : "");
  const [chosen, setScope] = useState<KeyScope>("ingest");
  const [lifetime, setLifetime] = useState<Lifetime>("never");
  const create = useCreateKey();
  const scope = isFirst ? "admin" : chosen;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = { name: name.trim(), scope, expiresIn: LIFETIMES[lifetime].length };
    create.mutate(wanted, { onSuccess: onMade });
  };
  return (
    <form
      className="form key-form"
      aria-label="New key"
      onSubmit={submit}
      onKeyDown={event => {
        if (event.key === "Escape") onLeft();
      }}
    >
      <div className="form-grid">
        <TextField
          label="Name"
          value={name}
          onChange={setName}
          placeholder="checkout"
          hint="whose it is, for who reads this list later"
          isRequired
          hasFocus
        />
        <SelectField
          label="Scope"
          value={scope}
          options={KEY_SCOPES.map(value => ({ value, label: value }))}
          onChange={setScope}
          isDisabled={isFirst}
          hint={isFirst ? "The first has to be an admin's: it makes the others." : `It may ${SCOPE_TEXT[scope]}.`}
        />
        <SelectField
          label="Lasts"
          value={lifetime}
          options={LIFETIME_NAMES.map(value => ({ value, label: LIFETIMES[value].label }))}
          onChange={setLifetime}
        />
      </div>
      {isFirst && (
        <p className="form-warning">
          As soon as it is made, what sends without a key is refused, and so is every browser that is not signed in.
          Make it when senders can be given keys.
        </p>
      )}
      <Refused error={create.error} what="made" />
      <div className="form-actions">
        <button type="submit" className="button button-main" disabled={create.isPending || name.trim() === ""}>
          {create.isPending ? "Making" : isFirst ? "Make it, and demand keys" : "Make it"}
        </button>
        <button type="button" className="button" onClick={onLeft}>
          Leave it
        </button>
      </div>
    </form>
  );
}
