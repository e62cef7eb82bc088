/** How this service is set up, for who asks: who they are, where functions send to, keys, limits, and how pages look. */

import { Link } from "@tanstack/react-router";
import { type JSX, useEffect } from "react";

import { serviceSettingsQuery, useSettings } from "../../api/settings.ts";
import { mayAdminister, SCOPE_TEXT, type ServiceSettings } from "../../model/settings.ts";
import { Command, Copy } from "../../widgets/Copy.tsx";
import { Figure } from "../../widgets/Figure.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { Waiting } from "../../widgets/Notice.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { useTitle } from "../../widgets/title.ts";
import { Display } from "./Display.tsx";
import { Keys } from "./Keys.tsx";
import { LimitsPanel } from "./LimitsPanel.tsx";
import "./settings.css";

export function SettingsPage(): JSX.Element {
  useTitle("Settings");
  const query = useSettings();
  const isTold = query.data !== undefined;
  useEffect(() => {
    // What an address with a hash leads to is there only now.
    if (isTold) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }, [isTold]);
  return (
    <>
      <header className="page-head">
        <h1>Settings</h1>
        <div className="tools">
          <ShowQuery of={serviceSettingsQuery()} what="settings" />
          <Freshness
            of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
          />
        </div>
      </header>
      <div className="settings">
        {query.data === undefined ? (
          <Waiting error={query.error} what="settings" rows={6} retry={query.refetch} />
        ) : (
          <Told of={query.data} />
        )}
        <Display />
      </div>
    </>
  );
}

function Told({ of }: { readonly of: ServiceSettings }): JSX.Element {
  return (
    <>
      <Who of={of} />
      <Addresses of={of} />
      <Keys of={of} />
      <LimitsPanel of={of} />
      <section className="panel setting" aria-labelledby="channels-title">
        <h2 id="channels-title">Channels</h2>
        <p>
          Who is told of alerts, and how: webhooks, Slack, PagerDuty, Alertmanager.{" "}
          <Link to="/alerts/channels">To the channels</Link>
        </p>
      </section>
    </>
  );
}

function Who({ of }: { readonly of: ServiceSettings }): JSX.Element {
  const { scope, received } = of;
  return (
    <section className="panel setting" aria-labelledby="who-title">
      <h2 id="who-title">This service, and you</h2>
      <dl className="figures">
        <Figure title="Version">{of.version}</Figure>
        <Figure title="Tenant">{of.tenant}</Figure>
        <Figure title="Your key">{scope === null ? "none is asked for" : `scope ${scope}`}</Figure>
        {received !== null && (
          <>
            <Figure title="First received" tone="quiet">
              <Moment at={received.first} form="ago" />
            </Figure>
            <Figure title="Last received" tone="quiet">
              <Moment at={received.last} form="ago" />
            </Figure>
          </>
        )}
      </dl>
      <p>
        {scope === null
          ? "Nobody needs a key yet: who reaches this address may read and change everything."
          : `With this key you may ${SCOPE_TEXT[scope]}.`}
        {received === null && " Nothing was received so far."}
        {!mayAdminister(of) && (
          <>
            {" "}
            Keys and limits take one of scope admin. Where you have one,{" "}
            <a href="/login?next=/settings">sign in with it</a>; else ask who runs this service, or make one on its
            machine:
          </>
        )}
      </p>
      {!mayAdminister(of) && <Command text="coldtrace keys create --scope admin --name me" />}
    </section>
  );
}

function Addresses({ of }: { readonly of: ServiceSettings }): JSX.Element {
  return (
    <section className="panel setting" aria-labelledby="addresses-title">
      <h2 id="addresses-title">Where functions send to</h2>
      <dl className="addresses">
        <Address name="gRPC, and the Lambda extension" url={of.otlpGrpc} />
        <Address name="HTTP" url={of.otlpHttp} />
      </dl>
      <p>
        The extension takes it from <code>COLDTRACE_ENDPOINT</code>, an OpenTelemetry SDK from{" "}
        <code>OTEL_EXPORTER_OTLP_ENDPOINT</code>
        {of.demandsKeys ? (
          <>
            , with a key of scope ingest in <code>COLDTRACE_API_KEY</code> or, as <code>authorization=Bearer KEY</code>,
            in <code>OTEL_EXPORTER_OTLP_HEADERS</code>.
          </>
        ) : (
          ". No key is needed."
        )}
      </p>
    </section>
  );
}

function Address({ name, url }: { readonly name: string; readonly url: string | null }): JSX.Element {
  return (
    <div>
      <dt>{name}</dt>
      <dd>
        {url === null ? (
          <span className="faint">not known here: the collector runs elsewhere</span>
        ) : (
          <>
            <code>{url}</code>
            <Copy text={url} what={`the address for ${name}`} />
          </>
        )}
      </dd>
    </div>
  );
}
