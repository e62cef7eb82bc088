/** The form of a rule, beside it what it means in words and in TOML, below it when it would have fired. */

import { type UseMutationResult, useQuery } from "@tanstack/react-query";
import { type FormEvent, type JSX, type ReactNode, useEffect, useRef, useState } from "react";

import { backtestQuery, type Tried } from "../../api/alerts.ts";
import { ApiError } from "../../api/request.ts";
import type { TestLength } from "../../model/backtest.ts";
import type { Rule, RuleDefinition } from "../../model/rule.ts";
import { definitionOf, NO_REFUSAL, type RuleDraft, refusalOf } from "../../model/rule-draft.ts";
import { ruleToml } from "../../model/rule-toml.ts";
import { ruleWords } from "../../model/rule-words.ts";
import { Copy } from "../../widgets/Copy.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { Refused } from "../../widgets/Refused.tsx";
import { BacktestPanel } from "./BacktestPanel.tsx";
import { RuleFields } from "./RuleFields.tsx";

interface RuleEditorProps {
  readonly initial: RuleDraft;
  readonly isReadOnly: boolean;
  readonly saving: UseMutationResult<Rule, Error, RuleDefinition>;
  readonly onSave: (definition: RuleDefinition) => void;
  /** How far back it is tried; undefined where nobody asked yet. */
  readonly test: TestLength | undefined;
  readonly onTest: (length: TestLength) => void;
  /** What else can be done. */
  readonly children?: ReactNode;
}

export function RuleEditor(props: RuleEditorProps): JSX.Element {
  const { initial, isReadOnly, saving, onSave, test, onTest, children } = props;
  const [draft, setDraft] = useState(initial);
  const [tried, setTried] = useState<Tried | null>(() =>
    test === undefined ? null : { rule: definitionOf(initial), length: test },
  );
  const testing = useQuery(backtestQuery(tried));
  const form = useRef<HTMLFormElement>(null);
  const panel = useRef<HTMLElement>(null);
  const definition = definitionOf(draft);
  const length = test ?? "1d";
  const tryIt = (next: TestLength) => {
    const asked = { rule: definition, length: next };
    onTest(next);
    // The same once more: what was stored since then counts.
    if (JSON.stringify(asked) === JSON.stringify(tried)) testing.refetch();
    else setTried(asked);
    saving.reset();
    panel.current?.scrollIntoView({ block: "nearest" });
  };
  useEffect(() => {
    if (testing.data !== undefined) panel.current?.scrollIntoView({ block: "nearest" });
  }, [testing.data]);
  useKeys("Rule", [{ keys: ["b"], does: "back-test it", run: () => tryIt(length) }]);
  const error = saving.error ?? testing.error;
  const refusal = error instanceof ApiError ? refusalOf(error.mistakes, draft) : NO_REFUSAL;
  useEffect(() => {
    if (error !== null) form.current?.querySelector<HTMLElement>("[aria-invalid=true]")?.focus();
  }, [error]);
  const change = (changes: Partial<RuleDraft>) => {
    if (saving.isSuccess) saving.reset();
    setDraft(old => ({ ...old, ...changes }));
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onSave(definition);
  };
  return (
    <>
      <div className="rule-editor">
        <form ref={form} className="panel form" onSubmit={submit} aria-label="Rule">
          <fieldset disabled={isReadOnly}>
            <RuleFields draft={draft} change={change} refusal={refusal} />
          </fieldset>
          <Refused error={saving.error} what="saved" mistakes={refusal.elsewhere} />
          {!isReadOnly && (
            <div className="form-actions">
              <button type="submit" className="button button-main" disabled={saving.isPending}>
                {saving.isPending ? "Saving" : "Save"}
              </button>
              <button type="button" className="button" onClick={() => tryIt(length)}>
                Back-test
              </button>
              {saving.isSuccess && (
                <span role="status" className="form-done">
                  Saved.
                </span>
              )}
              {children}
            </div>
          )}
        </form>
        <aside className="rule-side">
          <p className="rule-words">{ruleWords(definition)}</p>
          <div className="panel rule-toml">
            <header>
              <h2>As TOML</h2>
              <Copy text={ruleToml(definition)} what="rule" />
            </header>
            <pre tabIndex={0}>
              <code>{ruleToml(definition)}</code>
            </pre>
          </div>
        </aside>
      </div>
      <BacktestPanel
        panel={panel}
        testing={testing}
        length={length}
        onTest={tryIt}
        bad={draft.kind === "absence" || isBelow(draft) ? "below" : "above"}
        elsewhere={refusal.elsewhere}
      />
    </>
  );
}

function isBelow({ kind, side, direction }: RuleDraft): boolean {
  if (kind === "deviation") return direction === "below";
  return (kind === "threshold" || kind === "ratio") && side === "below";
}
