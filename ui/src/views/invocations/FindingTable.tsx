import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatCount, formatPart, plural } from "../../base/format.ts";
import { timeGain } from "../../model/function-findings.ts";
import { keyOf, type ToldFinding } from "../../model/told-findings.ts";
import { Moment } from "../../widgets/Moment.tsx";
import { type Column, PlainTable } from "../../widgets/Table.tsx";
import { Examples } from "./Examples.tsx";
import { Gains, Monthly } from "./Gains.tsx";

/** Findings are told of a day: so much of its function is shown. */
const LOOKED_AT = { range: "24h" } as const;

const COLUMNS: readonly Column<ToldFinding>[] = [
  {
    id: "finding",
    title: "Finding",
    narrow: "head",
    cell: one => (
      <>
        <Link data-row={keyOf(one)} to="/functions/$function" params={{ function: one.function }} search={LOOKED_AT}>
          {one.function}
        </Link>
        <span className="told-title">{one.title}</span>
        <p className="told-text">{one.text}</p>
        <Examples ids={one.examples} />
      </>
    ),
  },
  { id: "gain", title: "Without it", align: "end", cell: one => <GainsOf finding={one} /> },
  {
    id: "seen",
    title: "Seen in",
    hint: "Invocations of the day before that show it",
    align: "end",
    cell: one => (
      <span title={plural(one.seen, "invocation")}>{`${formatCount(one.seen)} (${formatPart(one.share)})`}</span>
    ),
  },
  { id: "confidence", title: "Confidence", cell: one => one.confidence },
  {
    id: "first",
    title: "Since",
    hint: "When it was told first, as far as data go back",
    align: "end",
    cell: one => <Moment at={one.firstSeen} form="ago" />,
  },
  { id: "last", title: "Last seen", align: "end", cell: one => <Moment at={one.lastSeen} form="ago" /> },
];

function GainsOf({ finding }: { readonly finding: ToldFinding }): JSX.Element | null {
  const { failures, monthly } = finding.gain;
  if (failures === 0 && monthly === null && timeGain(finding.gain) === null) return null;
  return (
    <div className="gains">
      <Gains finding={finding} />
      <Monthly of={finding.gain} />
    </div>
  );
}

interface FindingTableProps {
  readonly label: string;
  readonly findings: readonly ToldFinding[];
}

/** In the order of the API; each row leads to its function. */
export function FindingTable({ label, findings }: FindingTableProps): JSX.Element {
  return <PlainTable label={label} columns={COLUMNS} rows={findings} keyOf={keyOf} />;
}
