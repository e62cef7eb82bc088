/** A list taken along: all of it, however much of it is shown. */

import { type JSX, useEffect, useId, useRef, useState } from "react";

import { ApiError } from "../api/request.ts";
import { readWhole } from "../api/whole.ts";
import { formatCount } from "../base/format.ts";
import { csvOf, jsonOf, markdownOf } from "../model/export.ts";
import { copy } from "./Copy.tsx";
import { Dialog } from "./Dialog.tsx";
import type { Exported } from "./Export.tsx";
import "./query-dialog.css";

interface ExportDialogProps {
  readonly of: Exported<unknown>;
  readonly onClosed: () => void;
}

type Form = "csv" | "json" | "markdown";

const FORMS: readonly { readonly form: Form; readonly name: string; readonly about: string }[] = [
  { form: "csv", name: "Save as CSV", about: "for a spreadsheet; numbers in the unit that the column's name says" },
  { form: "json", name: "Save as JSON", about: "for a program; one object for each row" },
  { form: "markdown", name: "Copy as Markdown table", about: "for a chat or a ticket, as people read it" },
];

/** As many as a spreadsheet takes well, and as many as a chat does. */
const MOST = 20_000;
const MOST_PASTED = 200;
const SAVED_MS = 10_000;

type State =
  | { readonly kind: "idle" }
  | { readonly kind: "reading"; readonly count: number }
  | { readonly kind: "done"; readonly said: string }
  | { readonly kind: "failed"; readonly said: string };

export default function ExportDialog({ of, onClosed }: ExportDialogProps): JSX.Element {
  const title = useId();
  const { state, run } = useExport(of);
  return (
    <Dialog className="help export-dialog" labelledBy={title} onClosed={onClosed}>
      {close => (
        <>
          <header>
            <h2 id={title}>Export: {of.what}</h2>
            <button type="button" className="button" onClick={close}>
              Close <kbd>esc</kbd>
            </button>
          </header>
          <p className="faint">
            {of.of === undefined
              ? `All ${formatCount(of.rows?.length ?? 0)} that are shown.`
              : `All of this range and these filters, not only the ${formatCount(of.rows?.length ?? 0)} that are shown; at most ${formatCount(MOST)}, and ${formatCount(MOST_PASTED)} to paste.`}{" "}
            Times are in UTC.
          </p>
          <ul className="export-forms">
            {FORMS.map(({ form, name, about }) => (
              <li key={form}>
                <button type="button" className="button" disabled={state.kind === "reading"} onClick={() => run(form)}>
                  {name}
                </button>
                <span className="faint">{about}</span>
              </li>
            ))}
          </ul>
          <p role="status" className={state.kind === "failed" ? "bad" : "export-state"}>
            {state.kind === "reading" && `Reading; ${formatCount(state.count)} so far.`}
            {(state.kind === "done" || state.kind === "failed") && state.said}
          </p>
        </>
      )}
    </Dialog>
  );
}

function useExport(of: Exported<unknown>) {
  const [state, setState] = useState<State>({ kind: "idle" });
  const stop = useRef<AbortController | null>(null);
  // What nobody waits for any more is not read on.
  useEffect(() => () => stop.current?.abort(), []);
  const run = async (form: Form) => {
    stop.current = new AbortController();
    const most = form === "markdown" ? MOST_PASTED : MOST;
    setState({ kind: "reading", count: 0 });
    try {
      const whole =
        of.of === undefined
          ? { items: of.rows?.slice(0, most) ?? [], isCut: (of.rows?.length ?? 0) > most }
          : await readWhole(of.of, most, count => setState({ kind: "reading", count }), stop.current.signal);
      const isDone = await handOut(form, of, whole.items);
      const there = `${formatCount(whole.items.length)} ${of.what}${whole.isCut ? "; there are more" : ""}`;
      const did = form === "markdown" ? "Copied" : "Saved";
      setState(
        isDone
          ? { kind: "done", said: `${did}: ${there}.` }
          : { kind: "failed", said: "This browser can't copy here." },
      );
    } catch (error) {
      if (stop.current.signal.aborted) return;
      setState({ kind: "failed", said: error instanceof ApiError ? error.message : "It could not be read." });
    }
  };
  return { state, run };
}

async function handOut(form: Form, { what, columns }: Exported<unknown>, rows: readonly unknown[]): Promise<boolean> {
  if (form === "markdown") return copy(markdownOf(columns, rows));
  const isCsv = form === "csv";
  const body = isCsv ? csvOf(columns, rows) : jsonOf(columns, rows);
  save(new Blob([body], { type: isCsv ? "text/csv;charset=utf-8" : "application/json" }), `${fileName(what)}.${form}`);
  return true;
}

/** `coldtrace-kinds-of-error-2026-11-23T14-03`. */
function fileName(what: string): string {
  const at = new Date().toISOString().slice(0, 16).replace(":", "-");
  return `coldtrace-${what.toLowerCase().replaceAll(/[^a-z0-9]+/g, "-")}-${at}`;
}

function save(file: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(file);
  link.download = name;
  link.click();
  // Some browsers begin to read it only now.
  setTimeout(() => URL.revokeObjectURL(link.href), SAVED_MS);
}
