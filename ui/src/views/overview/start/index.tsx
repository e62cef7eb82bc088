/** Attaching a function: how, with the real address and a key, and a line that says when its first span is there. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi } from "@tanstack/react-router";
import { type JSX, useState } from "react";

import { watchedSettingsQuery } from "../../../api/settings.ts";
import type { ServiceSettings } from "../../../model/settings.ts";
import { START_TABS, type StartTab, targetOf } from "../../../model/start.ts";
import { recipesOf } from "../../../model/start-recipes.ts";
import { Choice } from "../../../widgets/Choice.tsx";
import { Command } from "../../../widgets/Copy.tsx";
import { Waiting } from "../../../widgets/Notice.tsx";
import { useTitle } from "../../../widgets/title.ts";
import { Arrived } from "./Arrived.tsx";
import { KeyPanel } from "./KeyPanel.tsx";
import { Reach } from "./Reach.tsx";

import "./start.css";

const route = getRouteApi("/start");

/** So often it is asked whether something came. */
const SOON_MS = 2_000;

const TAB_TEXT: Readonly<Record<StartTab, string>> = {
  lambda: "AWS Lambda",
  otlp: "OpenTelemetry SDK",
  platforms: "Other platforms",
  here: "On this machine",
};

export function StartPage(): JSX.Element {
  useTitle("Attach a function");
  const query = useQuery(watchedSettingsQuery(SOON_MS));
  return (
    <>
      <header className="page-head">
        <h1>Attach a function</h1>
      </header>
      {query.data === undefined ? (
        <Waiting error={query.error} what="settings" rows={6} retry={query.refetch} />
      ) : (
        <Start settings={query.data} />
      )}
    </>
  );
}

function Start({ settings }: { readonly settings: ServiceSettings }): JSX.Element {
  const search = route.useSearch();
  const navigate = route.useNavigate();
  const [secret, setSecret] = useState<string | null>(null);
  const tab = search.tab ?? "lambda";
  const recipes = recipesOf(tab, targetOf(settings, secret));
  const recipe = recipes.find(one => one.id === search.tool) ?? recipes[0];
  const setTab = (next: StartTab) =>
    navigate({ search: next === "lambda" ? {} : { tab: next }, replace: true, resetScroll: false });
  const setTool = (tool: string) => navigate({ search: { ...search, tool }, replace: true, resetScroll: false });
  return (
    <div className="start">
      <Arrived received={settings.received} />
      <section className="start-part" aria-labelledby="start-where">
        <h2 id="start-where">Where it sends to</h2>
        <Reach settings={settings} isHere={tab === "here"} />
        <KeyPanel settings={settings} secret={secret} onSecret={setSecret} />
      </section>
      <section className="start-part" aria-labelledby="start-how">
        <h2 id="start-how">How</h2>
        <div className="start-choices">
          <Choice
            label="What is attached"
            value={tab}
            options={START_TABS.map(value => ({ value, label: TAB_TEXT[value] }))}
            onChange={setTab}
          />
          <Choice
            label="With what"
            value={recipe?.id ?? ""}
            options={recipes.map(({ id, name }) => ({ value: id, label: name }))}
            onChange={setTool}
          />
        </div>
        <p className="start-about">{ABOUT[tab]}</p>
        {recipe !== undefined && (
          <>
            {recipe.note !== null && <p className="start-about">{recipe.note}</p>}
            <ol className="start-steps" aria-label={recipe.name}>
              {recipe.steps.map(({ title, text }) => (
                <li key={title}>
                  <h3>{title}</h3>
                  <Command text={text} />
                </li>
              ))}
            </ol>
          </>
        )}
        <p className="start-about start-nothing">
          <strong>Nothing comes?</strong> {NOTHING[tab]} <code>coldtrace status</code> tells what the collector got, and
          what it refused.
        </p>
      </section>
    </div>
  );
}

const NOTHING: Readonly<Record<StartTab, string>> = {
  lambda:
    "The log of the function says why, in lines of the extension; with COLDTRACE_LOG=info beside the other variables it says more. Where none speaks of Coldtrace, the layer is missing or of the other architecture.",
  otlp: "What exports says why in its own log. A process that ends at once has to shut its SDK down, which sends what it holds.",
  platforms: "Spans come when the platform sends them, which may take a minute.",
  here: "The answer of the collector stands in the terminal.",
};

const ABOUT: Readonly<Record<StartTab, string>> = {
  lambda:
    "Coldtrace’s extension runs beside the function and traces every invocation, those that time out or crash too. The function itself needs no SDK and no change. For Intel take x86_64 in place of arm64.",
  otlp: "Whatever exports OTLP can send here. A server span with a request id or a faas attribute is an invocation, and its service a function in the overview; all others are traces.",
  platforms: "What these platforms say in spans of their own is understood: names, versions, cold starts.",
  here: "To see how it looks before anything is deployed.",
};
