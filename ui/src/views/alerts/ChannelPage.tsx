/** A channel: made, changed, tried. What is secret is shown once, or never. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import type { JSX } from "react";

import {
  channelQuery,
  useCreateChannel,
  useDeleteChannel,
  useReplaceChannel,
  useRotateChannel,
  useTestChannel,
} from "../../api/alerts.ts";
import { CHANNEL_KINDS, type Channel } from "../../model/channel.ts";
import { Command } from "../../widgets/Copy.tsx";
import { Confirm } from "../../widgets/fields.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { Refused } from "../../widgets/Refused.tsx";
import { useTitle } from "../../widgets/title.ts";
import { PartHead } from "./AlertsHead.tsx";
import { ChannelForm } from "./ChannelForm.tsx";
import { DeliveryReport } from "./DeliveryReport.tsx";

const newRoute = getRouteApi("/alerts/channels/new");
const route = getRouteApi("/alerts/channels/$channel");

export function NewChannelPage(): JSX.Element {
  useTitle("New channel");
  const { kind = "webhook" } = newRoute.useSearch();
  const navigate = newRoute.useNavigate();
  const make = useCreateChannel();
  if (make.data !== undefined) {
    const { channel, shownOnce } = make.data;
    return (
      <>
        <PartHead title={channel.name} of="/alerts/channels" />
        <Notice title="The channel is there">
          {shownOnce !== null && <ShownOnce keys={shownOnce} />}
          <p>
            <Link className="button" to="/alerts/channels/$channel" params={{ channel: channel.id }}>
              Go on, and test it
            </Link>
          </p>
        </Notice>
      </>
    );
  }
  return (
    <>
      <PartHead title="New channel" of="/alerts/channels" />
      <ChannelForm
        kind={kind}
        of={null}
        onKind={next => navigate({ search: next === "webhook" ? {} : { kind: next }, replace: true })}
        saving={make}
        onSave={made => make.mutate(made)}
      />
    </>
  );
}

export function ChannelPage(): JSX.Element {
  const { channel: id } = route.useParams();
  const query = useQuery(channelQuery(id));
  const name = query.data?.name ?? id;
  useTitle(name);
  return (
    <>
      <PartHead title={name} of="/alerts/channels">
        {query.data !== undefined && (
          <Link className="button" to="/alerts/deliveries" search={{ channel: id }}>
            Deliveries
          </Link>
        )}
      </PartHead>
      {query.data === undefined ? (
        <Waiting error={query.error} what="channel" rows={5} retry={query.refetch} />
      ) : (
        <Known key={id} of={query.data} />
      )}
    </>
  );
}

function Known({ of }: { readonly of: Channel }): JSX.Element {
  const navigate = useNavigate();
  const save = useReplaceChannel(of.id);
  const remove = useDeleteChannel();
  return (
    <>
      {of.disabled !== null && (
        <section className="notice notice-bad channel-notice">
          <h2>Nothing is delivered to it</h2>
          <p>{of.disabled} Save it while “It is used” is set to use it again.</p>
        </section>
      )}
      <p className="lead">
        {CHANNEL_KINDS[of.kind].name}: {CHANNEL_KINDS[of.kind].about}.
        {of.secrets.length > 0 && ` Secrets that are set: ${of.secrets.join(", ")}.`}
      </p>
      <div className="channel-page">
        <ChannelForm kind={of.kind} of={of} saving={save} onSave={changed => save.mutate(changed)}>
          <Confirm
            does="End this channel"
            isBusy={remove.isPending}
            onDo={() => remove.mutate(of.id, { onSuccess: () => navigate({ to: "/alerts/channels" }) })}
          />
          <Refused error={remove.error} what="ended" />
        </ChannelForm>
        <div className="channel-side">
          <Test id={of.id} />
          {of.kind === "webhook" && <Rotate id={of.id} />}
        </div>
      </div>
    </>
  );
}

function Test({ id }: { readonly id: string }): JSX.Element {
  const test = useTestChannel(id);
  const run = () => test.mutate(undefined);
  useKeys("Channel", [{ keys: ["b"], does: "send a test message", run }]);
  return (
    <section className="panel channel-test" aria-labelledby="test-title">
      <header>
        <h2 id="test-title">Test</h2>
        <button type="button" className="button" onClick={run} disabled={test.isPending}>
          {test.isPending ? "Sending" : "Send a test message"} <kbd>b</kbd>
        </button>
      </header>
      <Refused error={test.error} what="sent" />
      {test.data === undefined ? (
        test.error === null && (
          <p className="alert-nothing">It is sent at once; what was sent and what was answered is shown here.</p>
        )
      ) : (
        <div className={test.isPending ? "stale" : undefined} role="status">
          <DeliveryReport of={test.data} />
        </div>
      )}
    </section>
  );
}

function Rotate({ id }: { readonly id: string }): JSX.Element {
  const rotate = useRotateChannel(id);
  const shown = rotate.data?.shownOnce ?? null;
  return (
    <section className="panel channel-test" aria-labelledby="rotate-title">
      <header>
        <h2 id="rotate-title">Signing key</h2>
        <Confirm does="Rotate the key" isBusy={rotate.isPending} onDo={() => rotate.mutate(undefined)} />
      </header>
      <Refused error={rotate.error} what="rotated" />
      {shown === null ? (
        <p className="alert-nothing">
          The receiver verifies with it. After a rotation the key before signs as well, for a day.
        </p>
      ) : (
        <ShownOnce keys={shown} />
      )}
    </section>
  );
}

function ShownOnce({ keys }: { readonly keys: Readonly<Record<string, string>> }): JSX.Element {
  return (
    <div className="shown-once" role="status">
      <p>
        <strong>Copy it now: it is not shown again.</strong> The receiver verifies with it.
      </p>
      {Object.entries(keys).map(([name, value]) => (
        <div key={name}>
          <span className="form-label">{name.replaceAll("_", " ")}</span>
          <Command text={value} />
        </div>
      ))}
    </div>
  );
}
