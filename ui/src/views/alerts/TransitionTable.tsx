import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { unbroken } from "../../base/format.ts";
import { firedFor, subject, type Transition } from "../../model/alert.ts";
import { figure } from "../../model/reading.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { SeverityMark } from "../../widgets/SeverityMark.tsx";
import { type Column, PlainTable, Table } from "../../widgets/Table.tsx";
import { ChangeMark } from "./marks.tsx";

interface TransitionTableProps {
  readonly transitions: readonly Transition[];
  /** All of one alert, whose page it is: then the rows lead nowhere. */
  readonly isOfOne?: boolean;
}

export function TransitionTable({ transitions, isOfOne }: TransitionTableProps): JSX.Element {
  if (isOfOne) {
    return <PlainTable label="History" columns={ofOne} rows={transitions} keyOf={one => one.id} />;
  }
  return <Table label="History" columns={ofAll} rows={transitions} keyOf={one => one.id} />;
}

const change: Column<Transition> = { id: "change", title: "What", cell: one => <ChangeMark change={one.change} /> };

const value: Column<Transition> = {
  id: "value",
  title: "Value",
  align: "end",
  cell: ({ reading }) =>
    reading.value === null ? <span className="none">–</span> : figure(reading.value, reading.unit),
};

const length: Column<Transition> = {
  id: "length",
  title: "Fired for",
  align: "end",
  cell: one => (one.change === "resolved" ? firedFor(one) : <span className="none">–</span>),
};

const when: Column<Transition> = {
  id: "at",
  title: "When",
  align: "end",
  narrow: "tail",
  cell: one => <Moment at={one.at} form="ago" />,
};

const ofOne: readonly Column<Transition>[] = [
  change,
  {
    id: "summary",
    title: "Alert",
    narrow: "head",
    cell: one => <span className="sentence">{unbroken(one.summary)}</span>,
  },
  value,
  length,
  { ...when, cell: one => <Moment at={one.at} form="minute" /> },
];

const ofAll: readonly Column<Transition>[] = [
  change,
  { id: "severity", title: "Severity", cell: one => <SeverityMark severity={one.severity} /> },
  {
    id: "summary",
    title: "Alert",
    narrow: "head",
    cell: one => (
      <Link data-row={one.id} className="sentence" to="/alerts/$alert" params={{ alert: one.alert }}>
        {unbroken(one.summary)}
      </Link>
    ),
  },
  { id: "function", title: "Function", cell: one => subject(one.labels) ?? <span className="quiet">all</span> },
  { id: "rule", title: "Rule", narrow: "hide", cell: one => <span className="quiet">{one.ruleName}</span> },
  value,
  length,
  when,
];
