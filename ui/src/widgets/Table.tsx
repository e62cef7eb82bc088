/** A list as a table; on a phone each row becomes a card of named values. */

import { type JSX, type ReactNode, type RefObject, useRef } from "react";

import { useRowKeys } from "./row-keys.ts";

export interface Column<Row> {
  readonly id: string;
  readonly title: string;
  /** What stands in the table's head beside the title. */
  readonly heading?: ReactNode;
  /** What the column means, on hover. */
  readonly hint?: string;
  readonly align?: "end";
  /** On a phone: the card's first line, or not shown. */
  readonly narrow?: "head" | "tail" | "hide";
  readonly cell: (row: Row) => ReactNode;
}

interface Sorting {
  readonly by: string;
  readonly columns: readonly string[];
  readonly change: (by: string) => void;
}

interface TableProps<Row> {
  readonly label: string;
  readonly columns: readonly Column<Row>[];
  readonly rows: readonly Row[];
  readonly keyOf: (row: Row) => string;
  readonly sorting?: Sorting;
  /** Marks the rows that somebody should look at. */
  readonly isBad?: (row: Row) => boolean;
}

export function Table<Row>(props: TableProps<Row>): JSX.Element {
  const table = useRef<HTMLTableElement>(null);
  useRowKeys(table, props.rows.length);
  return <PlainTable {...props} table={table} />;
}

interface PlainTableProps<Row> extends TableProps<Row> {
  readonly table?: RefObject<HTMLTableElement | null>;
}

/** Rows that lead nowhere, and that keys pass by. */
export function PlainTable<Row>(props: PlainTableProps<Row>): JSX.Element {
  const { label, columns, rows, keyOf, sorting, isBad, table } = props;
  return (
    <table className="table" ref={table} aria-label={label}>
      <thead>
        <tr>
          {columns.map(column => (
            <Heading key={column.id} column={column} sorting={sorting} />
          ))}
        </tr>
      </thead>
      <tbody>
        {rows.map(row => (
          <tr key={keyOf(row)} className={isBad?.(row) ? "bad-row" : undefined}>
            {columns.map(column => (
              <td key={column.id} data-title={column.title} className={classOf(column)}>
                {column.cell(row)}
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

interface HeadingProps<Row> {
  readonly column: Column<Row>;
  readonly sorting: Sorting | undefined;
}

function Heading<Row>({ column, sorting }: HeadingProps<Row>): JSX.Element {
  const sorted = sorting?.by === column.id;
  const sortable = sorting?.columns.includes(column.id);
  return (
    <th scope="col" className={classOf(column)} title={column.hint} aria-sort={sorted ? "descending" : undefined}>
      {sortable ? (
        <button type="button" onClick={() => sorting?.change(column.id)}>
          {column.title}
          <span className="sorted" aria-hidden="true">
            {sorted ? "↓" : ""}
          </span>
        </button>
      ) : (
        column.title
      )}
      {column.heading}
    </th>
  );
}

function classOf<Row>(column: Column<Row>): string {
  const end = column.align === "end" ? "end" : "";
  return `${end} narrow-${column.narrow ?? "line"}`.trim();
}
