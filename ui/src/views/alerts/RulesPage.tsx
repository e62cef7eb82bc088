/** What is watched: rules of files and those that were made here, told apart. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type JSX, useRef } from "react";

import { rulesQuery } from "../../api/alerts.ts";
import { plural } from "../../base/format.ts";
import { RULE_COLUMNS } from "../../model/export-columns.ts";
import type { Rule, RuleFile, Rules } from "../../model/rule.ts";
import { ruleWords } from "../../model/rule-words.ts";
import { Export } from "../../widgets/Export.tsx";
import { Freshness } from "../../widgets/Freshness.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Notice, Waiting } from "../../widgets/Notice.tsx";
import { SearchField } from "../../widgets/SearchField.tsx";
import { SeverityMark } from "../../widgets/SeverityMark.tsx";
import { ShowQuery } from "../../widgets/ShowQuery.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";
import { useTitle } from "../../widgets/title.ts";
import { AlertsHead } from "./AlertsHead.tsx";

const route = getRouteApi("/alerts/rules");

export function RulesPage(): JSX.Element {
  useTitle("Rules");
  const { find = "" } = route.useSearch();
  const navigate = useNavigate();
  const query = useQuery(rulesQuery());
  const field = useRef<HTMLInputElement>(null);
  const setFind = (next: string) =>
    navigate({ to: "/alerts/rules", search: next === "" ? {} : { find: next }, replace: true });
  useKeys("Rules", [{ keys: ["n"], does: "new rule", run: () => navigate({ to: "/alerts/rules/new" }) }]);
  return (
    <>
      <AlertsHead>
        <SearchField ref={field} label="Filter rules" value={find} onChange={setFind} />
        <Link className="button" to="/alerts/rules/new">
          New rule <kbd>n</kbd>
        </Link>
        <ShowQuery of={rulesQuery()} what="rules" />
        <Export what="rules" columns={RULE_COLUMNS} rows={query.data?.rules} />
        <Freshness
          of={{ readAt: query.dataUpdatedAt, reading: query.isFetching, error: query.error, read: query.refetch }}
        />
      </AlertsHead>
      {query.data === undefined ? (
        <Waiting error={query.error} what="rules" rows={6} retry={query.refetch} />
      ) : (
        <Found of={query.data} find={find} />
      )}
    </>
  );
}

interface FoundProps {
  readonly of: Rules;
  readonly find: string;
}

function Found({ of: { rules, files }, find }: FoundProps): JSX.Element {
  const found = rules.filter(one => one.definition.name.toLowerCase().includes(find.toLowerCase()));
  const wrong = files.filter(one => one.mistakes.length > 0);
  return (
    <>
      {wrong.map(file => (
        <WrongFile key={file.file} of={file} />
      ))}
      {rules.length === 0 ? (
        <Notice title="Nothing is watched yet">
          <p>
            <Link to="/alerts/rules/new">Write a rule</Link>, and see by its back-test when it would have fired. Rules
            can stand in files as well, which alerts.rules of the configuration names.
          </p>
        </Notice>
      ) : found.length === 0 ? (
        <Notice title="No rule has that name">
          <p>
            {plural(rules.length, "rule")}; none has “{find}” in its name.
          </p>
        </Notice>
      ) : (
        <Table label="Rules" columns={COLUMNS} rows={found} keyOf={one => one.id} />
      )}
    </>
  );
}

function WrongFile({ of: { file, isLoaded, mistakes } }: { readonly of: RuleFile }): JSX.Element {
  return (
    <section className="notice notice-bad wrong-file">
      <h2>
        {file} has {plural(mistakes.length, "mistake")}
      </h2>
      <p>
        {isLoaded
          ? "What it said before stays in force until it is right again."
          : "Nothing of it is in force until it is right."}
      </p>
      <ul>
        {mistakes.map(({ at, message }) => (
          <li key={`${at}${message}`}>
            <code>{at}</code> {message}
          </li>
        ))}
      </ul>
    </section>
  );
}

const COLUMNS: readonly Column<Rule>[] = [
  {
    id: "rule",
    title: "Rule",
    narrow: "head",
    cell: one => (
      <div className={one.definition.enabled ? "sentence" : "sentence is-off"}>
        <Link data-row to="/alerts/rules/$rule" params={{ rule: one.id }}>
          {one.definition.name}
        </Link>
        <span className="sub">{ruleWords(one.definition)}</span>
      </div>
    ),
  },
  { id: "severity", title: "Severity", cell: one => <SeverityMark severity={one.definition.severity} /> },
  {
    id: "state",
    title: "Now",
    cell: one => <RuleState of={one} />,
  },
  {
    id: "channels",
    title: "Tells",
    cell: ({ definition }) =>
      definition.channels.length === 0 ? (
        <span className="quiet">default channels</span>
      ) : (
        definition.channels.join(", ")
      ),
  },
  {
    id: "origin",
    title: "Stands in",
    cell: one => <Origin of={one} />,
  },
];

function Origin({ of: { origin, file } }: { readonly of: Rule }): JSX.Element {
  if (origin === "starter") return <span className="quiet">comes with Coldtrace</span>;
  if (file === null) return <span className="quiet">made here</span>;
  return (
    <span className="tag" title={`Of ${file}: it is changed there`}>
      {file.split("/").at(-1)}
    </span>
  );
}

export function RuleState({ of: { definition, firing, pending } }: { readonly of: Rule }): JSX.Element {
  if (!definition.enabled) return <span className="tag">off</span>;
  if (firing > 0) return <span className="bad">{plural(firing, "alert")}</span>;
  if (pending > 0) return <span className="tag tag-pending">{pending} pending</span>;
  return <span className="quiet">quiet</span>;
}
