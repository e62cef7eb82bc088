/** A rule: written, tried on what is stored, saved. Rules of files are tried only. */

import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { type JSX, useState } from "react";

import { ruleQuery, useDeleteRule, useSaveRule } from "../../api/alerts.ts";
import type { TestLength } from "../../model/backtest.ts";
import type { Rule } from "../../model/rule.ts";
import { draftOf, EMPTY_DRAFT, type RuleDraft } from "../../model/rule-draft.ts";
import { Confirm } from "../../widgets/fields.tsx";
import { Waiting } from "../../widgets/Notice.tsx";
import { Refused } from "../../widgets/Refused.tsx";
import { useTitle } from "../../widgets/title.ts";
import { PartHead } from "./AlertsHead.tsx";
import { RuleEditor } from "./RuleEditor.tsx";
import { RuleState } from "./RulesPage.tsx";

const newRoute = getRouteApi("/alerts/rules/new");
const route = getRouteApi("/alerts/rules/$rule");

export function NewRulePage(): JSX.Element {
  useTitle("New rule");
  const search = newRoute.useSearch();
  const navigate = newRoute.useNavigate();
  const onTest = (test: TestLength) => navigate({ search: { ...search, test }, replace: true, resetScroll: false });
  return (
    <>
      <PartHead title="New rule" of="/alerts/rules" />
      {search.from === undefined ? (
        <NewRule draft={{ ...EMPTY_DRAFT, functions: search.function ?? "" }} test={search.test} onTest={onTest} />
      ) : (
        <CopiedRule from={search.from} test={search.test} onTest={onTest} />
      )}
    </>
  );
}

interface TestedProps {
  readonly test: TestLength | undefined;
  readonly onTest: (length: TestLength) => void;
}

function CopiedRule({ from, ...tested }: TestedProps & { readonly from: string }): JSX.Element {
  const query = useQuery(ruleQuery(from));
  if (query.data === undefined) return <Waiting error={query.error} what="rule" rows={8} retry={query.refetch} />;
  const draft = draftOf(query.data.definition);
  return <NewRule draft={{ ...draft, name: `${draft.name} (copy)` }} {...tested} />;
}

function NewRule({ draft, ...tested }: TestedProps & { readonly draft: RuleDraft }): JSX.Element {
  const navigate = useNavigate();
  const save = useSaveRule(null);
  return (
    <RuleEditor
      initial={draft}
      isReadOnly={false}
      saving={save}
      onSave={definition =>
        save.mutate(definition, {
          onSuccess: made => navigate({ to: "/alerts/rules/$rule", params: { rule: made.id } }),
        })
      }
      {...tested}
    />
  );
}

export function RulePage(): JSX.Element {
  const { rule: id } = route.useParams();
  const { test } = route.useSearch();
  const navigate = route.useNavigate();
  const query = useQuery(ruleQuery(id));
  const name = query.data?.definition.name ?? id;
  useTitle(name);
  return (
    <>
      <PartHead title={name} of="/alerts/rules">
        {query.data !== undefined && <Actions of={query.data} />}
      </PartHead>
      {query.data === undefined ? (
        <Waiting error={query.error} what="rule" rows={8} retry={query.refetch} />
      ) : (
        <Known
          key={id}
          of={query.data}
          test={test}
          onTest={next => navigate({ search: { test: next }, replace: true, resetScroll: false })}
        />
      )}
    </>
  );
}

function Actions({ of }: { readonly of: Rule }): JSX.Element {
  return (
    <>
      <RuleState of={of} />
      <Link className="button" to="/alerts/history" search={{ rule: of.id }}>
        History
      </Link>
      <Link className="button" to="/alerts/rules/new" search={{ from: of.id }}>
        Copy to a new rule
      </Link>
    </>
  );
}

function Unchangeable({ of: { origin, file } }: { readonly of: Rule }): JSX.Element | null {
  switch (origin) {
    case "api":
      return null;
    case "file":
      return (
        <p className="lead">
          It stands in <code>{file}</code> and is changed there; what is written there is read again at once.
        </p>
      );
    case "starter":
      return (
        <p className="lead">
          It is one of the rules to start with. A rule of this name in a file takes its place, also to turn it off;{" "}
          <code>alerts.starter_rules = false</code> turns off all of them.
        </p>
      );
  }
}

function Known({ of, ...tested }: TestedProps & { readonly of: Rule }): JSX.Element {
  const navigate = useNavigate();
  // What is being written is not undone by what is read again.
  const [initial] = useState(() => draftOf(of.definition));
  const save = useSaveRule(of.id);
  const remove = useDeleteRule();
  const isReadOnly = of.origin !== "api";
  return (
    <>
      <Unchangeable of={of} />
      <RuleEditor initial={initial} isReadOnly={isReadOnly} saving={save} onSave={save.mutate} {...tested}>
        {!isReadOnly && (
          <Confirm
            does="End this rule"
            isBusy={remove.isPending}
            onDo={() => remove.mutate(of.id, { onSuccess: () => navigate({ to: "/alerts/rules" }) })}
          />
        )}
      </RuleEditor>
      <Refused error={remove.error} what="ended" />
    </>
  );
}
