/** The way to take a list along: as a file, or as a table to paste. */

import { type JSX, lazy, Suspense, useState } from "react";

import type { Source } from "../api/whole.ts";
import type { ExportColumn } from "../model/export.ts";
import { Icon } from "./Icon.tsx";

const ExportDialog = lazy(() => import("./ExportDialog.tsx"));

export interface Exported<Row> {
  /** What is listed: "invocations". */
  readonly what: string;
  readonly columns: readonly ExportColumn<Row>[];
  /** What is shown; undefined until something is. */
  readonly rows: readonly Row[] | undefined;
  /** By which the rest is read, where it comes page by page. */
  readonly of?: Source<Row>;
}

export function Export<Row>(props: Exported<Row>): JSX.Element {
  const [isOpen, setOpen] = useState(false);
  const { what, rows } = props;
  return (
    <>
      <button
        type="button"
        className="button square show-query"
        aria-label={`Export: ${what}`}
        aria-haspopup="dialog"
        title="As CSV, JSON, or a table to paste"
        disabled={rows === undefined || rows.length === 0}
        onClick={() => setOpen(true)}
      >
        <Icon name="download" />
      </button>
      {isOpen && (
        <Suspense fallback={null}>
          <ExportDialog of={props as Exported<unknown>} onClosed={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  );
}
