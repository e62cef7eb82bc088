import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatCount, formatPart } from "../../base/format.ts";
import { type ErrorGroup, messageOf, versionsText } from "../../model/errors.ts";
import { type Range, rangeSearch } from "../../model/range.ts";
import { ErrorStateMark } from "../../widgets/ErrorStateMark.tsx";
import { Moment } from "../../widgets/Moment.tsx";
import { OutcomeShape } from "../../widgets/OutcomeMark.tsx";
import { Sparkline } from "../../widgets/Sparkline.tsx";
import { type Column, Table } from "../../widgets/Table.tsx";

interface ErrorTableProps {
  readonly groups: readonly ErrorGroup[];
  readonly range: Range;
  /** Whether functions are named. */
  readonly isNamed: boolean;
}

export function ErrorTable({ groups, range, isNamed }: ErrorTableProps): JSX.Element {
  const columns: Column<ErrorGroup>[] = [
    {
      id: "error",
      title: "Error",
      narrow: "head",
      cell: one => <What of={one} range={range} />,
    },
    ...(isNamed
      ? [{ id: "function", title: "Function", cell: (one: ErrorGroup) => <strong>{one.function}</strong> }]
      : []),
    {
      id: "count",
      title: "Count",
      hint: "And the share of the function's invocations",
      align: "end",
      cell: one => (
        <>
          <strong>{formatCount(one.count)}</strong> <span className="share">{formatPart(one.share)}</span>
        </>
      ),
    },
    {
      id: "series",
      title: "Over time",
      narrow: "hide",
      cell: one => <Sparkline series={one.series} />,
    },
    {
      id: "versions",
      title: "Versions",
      cell: one => {
        const text = versionsText(one.versions);
        return text === "" ? <span className="none">–</span> : <span className="clip">{text}</span>;
      },
    },
    { id: "first", title: "First seen", align: "end", cell: one => <Moment at={one.firstSeen} form="ago" /> },
    {
      id: "last",
      title: "Last seen",
      align: "end",
      narrow: "tail",
      cell: one => <Moment at={one.lastSeen} form="ago" />,
    },
  ];
  return (
    <div className="error-table">
      <Table label="Errors" columns={columns} rows={groups} keyOf={one => one.group} />
    </div>
  );
}

function What({ of, range }: { readonly of: ErrorGroup; readonly range: Range }): JSX.Element {
  const message = messageOf(of);
  return (
    <>
      <p className="error-name">
        <OutcomeShape outcome={of.outcome} />
        <Link data-row to="/errors/$group" params={{ group: of.group }} search={rangeSearch(range)}>
          {of.type}
        </Link>
        <ErrorStateMark state={of.state} />
      </p>
      {message !== "" && (
        <p className="error-line" title={message}>
          {message}
        </p>
      )}
    </>
  );
}
