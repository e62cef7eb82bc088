/** Who may send and read: keys, made, rotated and ended. */

import { useQuery } from "@tanstack/react-query";
import { type JSX, useState } from "react";

import { keysQuery, useRevokeKey, useRotateKey } from "../../api/settings.ts";
import { plural } from "../../base/format.ts";
import { type CreatedKey, endsWith, type Key, mayAdminister, type ServiceSettings } from "../../model/settings.ts";
import { Command } from "../../widgets/Copy.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { Waiting } from "../../widgets/Notice.tsx";
import { Refused } from "../../widgets/Refused.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { type Column, PlainTable } from "../../widgets/Table.tsx";
import { KeyForm } from "./KeyForm.tsx";

export function Keys({ of }: { readonly of: ServiceSettings }): JSX.Element {
  const may = mayAdminister(of);
  return (
    <section className="panel setting" aria-labelledby="keys-title">
      <header>
        <h2 id="keys-title">Keys</h2>
        {may && <ShowQuery of={keysQuery()} what="keys" />}
      </header>
      {may ? (
        <KnownKeys of={of} />
      ) : (
        <p>
          Who sends and who reads here needs a key. Which there are, is shown to keys of scope admin alone; secrets to
          nobody.
        </p>
      )}
    </section>
  );
}

function KnownKeys({ of }: { readonly of: ServiceSettings }): JSX.Element {
  const query = useQuery(keysQuery());
  const [made, setMade] = useState<CreatedKey | null>(null);
  const [isAsked, ask] = useState(false);
  useKeys("Keys", [{ keys: ["n"], does: "new key", run: () => ask(true) }]);
  if (query.data === undefined) return <Waiting error={query.error} what="keys" rows={3} retry={query.refetch} />;
  const keys = query.data;
  const onMade = (created: CreatedKey) => {
    setMade(created);
    ask(false);
    // After the first, nothing can be read any more without it.
    if (of.demandsKeys) void query.refetch();
  };
  const isFirst = !of.demandsKeys && made === null;
  return (
    <>
      {keys.length === 0 && made === null && (
        <p>
          There is none: everybody who reaches this address may send, read and change. From the first key on,{" "}
          <strong>every sender and every reader needs one</strong>, this browser too.
        </p>
      )}
      {made !== null && <Secret of={made} isFirst={!of.demandsKeys} />}
      {keys.length > 0 && <KeyTable keys={keys} onSecret={setMade} />}
      {isAsked ? (
        <KeyForm isFirst={isFirst} onMade={onMade} onLeft={() => ask(false)} />
      ) : (
        (of.demandsKeys || made === null) && (
          <p>
            <button type="button" className="button" onClick={() => ask(true)}>
              {isFirst ? "Make the first key" : "New key"} <kbd>n</kbd>
            </button>
          </p>
        )
      )}
    </>
  );
}

interface SecretProps {
  readonly of: CreatedKey;
  readonly isFirst: boolean;
}

function Secret({ of: { key, secret }, isFirst }: SecretProps): JSX.Element {
  return (
    <div className="setting-secret" role="status">
      <p>
        <strong>The secret of {key.name}: copy it now, it is not shown again.</strong>{" "}
        {key.rotated !== null && "The one before is taken for another day."}
      </p>
      <Command text={secret} what="secret" />
      {isFirst && (
        <p>
          From now on nothing is sent or read without a key.{" "}
          <a className="button button-main" href="/login?next=/settings">
            Sign in with it
          </a>{" "}
          Then make one of scope ingest for what sends.
        </p>
      )}
    </div>
  );
}

interface KeyTableProps {
  readonly keys: readonly Key[];
  readonly onSecret: (created: CreatedKey) => void;
}

/** Those that are over are folded away. */
function KeyTable({ keys, onSecret }: KeyTableProps): JSX.Element {
  const valid = keys.filter(one => one.state === "valid");
  const over = keys.filter(one => one.state !== "valid");
  const columns = columnsOf(keys, onSecret);
  return (
    <>
      {valid.length > 0 && (
        <PlainTable label="Keys that are valid" columns={columns} rows={valid} keyOf={one => one.id} />
      )}
      {over.length > 0 && (
        <details>
          <summary>{plural(over.length, "that is over", "that are over")}</summary>
          <PlainTable label="Keys that are over" columns={columns} rows={over} keyOf={one => one.id} />
        </details>
      )}
    </>
  );
}

function columnsOf(keys: readonly Key[], onSecret: (created: CreatedKey) => void): readonly Column<Key>[] {
  return [
    {
      id: "name",
      title: "Key",
      narrow: "head",
      cell: one => (
        <>
          <strong>{one.name}</strong>
          <span className="sub">
            <code>{one.id}</code>
          </span>
        </>
      ),
    },
    { id: "scope", title: "Scope", cell: one => one.scope },
    { id: "state", title: "State", cell: one => <State of={one} /> },
    { id: "created", title: "Made", align: "end", cell: one => <Moment at={one.created} form="ago" /> },
    {
      id: "rotated",
      title: "Rotated",
      align: "end",
      cell: one => (one.rotated === null ? <span className="none">–</span> : <Moment at={one.rotated} form="ago" />),
    },
    {
      id: "do",
      title: "",
      align: "end",
      cell: one => (one.state === "valid" ? <Change of={one} keys={keys} onSecret={onSecret} /> : ""),
    },
  ];
}

function State({ of }: { readonly of: Key }): JSX.Element {
  if (of.revoked !== null) {
    return (
      <span className="quiet">
        revoked <Moment at={of.revoked} form="ago" />
      </span>
    );
  }
  if (of.expires === null) return <>valid</>;
  return (
    <span className={of.state === "expired" ? "quiet" : undefined}>
      {of.state === "expired" ? "ended" : "valid, ends"} <Moment at={of.expires} form="ago" />
    </span>
  );
}

interface ChangeProps {
  readonly of: Key;
  readonly keys: readonly Key[];
  readonly onSecret: (created: CreatedKey) => void;
}

type Wish = "rotate" | "revoke" | null;

const focused = (button: HTMLButtonElement | null) => button?.focus();

/** What can be done with a key. Both are asked for once more, with what comes of it. */
function Change({ of, keys, onSecret }: ChangeProps): JSX.Element {
  const [wish, setWish] = useState<Wish>(null);
  const [left, setLeft] = useState<Wish>(null);
  const rotate = useRotateKey();
  const revoke = useRevokeKey();
  if (wish === null) {
    return (
      <span className="key-changes">
        <button
          type="button"
          ref={left === "rotate" ? focused : null}
          className="button small"
          aria-label={`Rotate ${of.name}`}
          onClick={() => setWish("rotate")}
        >
          Rotate
        </button>
        <button
          type="button"
          ref={left === "revoke" ? focused : null}
          className="button small"
          aria-label={`Revoke ${of.name}`}
          onClick={() => setWish("revoke")}
        >
          Revoke
        </button>
      </span>
    );
  }
  const isRotation = wish === "rotate";
  const change = isRotation ? rotate : revoke;
  const leave = () => {
    setLeft(wish);
    setWish(null);
  };
  const onDo = () => {
    const onSuccess = () => setWish(null);
    if (isRotation) {
      rotate.mutate(of.id, {
        onSuccess: created => {
          onSuccess();
          onSecret(created);
        },
      });
    } else revoke.mutate(of.id, { onSuccess });
  };
  return (
    <div
      className="key-question"
      role="group"
      aria-label={isRotation ? `Rotate ${of.name}` : `Revoke ${of.name}`}
      onKeyDown={event => {
        if (event.key === "Escape") leave();
      }}
    >
      <p>
        {isRotation ? "It gets a new secret, shown once. The one before is taken for another day." : endsWith(of, keys)}
      </p>
      <Refused error={change.error} what={isRotation ? "rotated" : "revoked"} />
      <span className="key-changes">
        <button
          type="button"
          className={isRotation ? "button" : "button button-bad"}
          // The question takes the place of what asked it.
          ref={focused}
          disabled={change.isPending}
          onClick={onDo}
        >
          Yes, {wish} {of.name}
        </button>
        <button type="button" className="button" onClick={leave}>
          No
        </button>
      </span>
    </div>
  );
}
