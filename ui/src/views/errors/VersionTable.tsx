import type { JSX } from "react";

import { formatCount, formatShare } from "../../base/format.ts";
import type { ErrorGroup, ErrorVersion } from "../../model/errors.ts";
import { type Column, PlainTable } from "../../widgets/Table.tsx";

/** Which versions it came from. */
export function VersionTable({ of }: { readonly of: ErrorGroup }): JSX.Element {
  const columns: Column<ErrorVersion>[] = [
    {
      id: "version",
      title: "Version",
      narrow: "head",
      cell: one => (
        <>
          <strong>{one.version || "not known"}</strong>
          {one.version !== "" && one.version === of.firstVersion && <span className="sub">the first one</span>}
        </>
      ),
    },
    {
      id: "count",
      title: "Count",
      align: "end",
      cell: one => (
        <>
          {formatCount(one.count)} <span className="share">{formatShare(one.count, of.count)}</span>
        </>
      ),
    },
    {
      id: "bar",
      title: "Of these errors",
      narrow: "hide",
      cell: one => (
        <svg className="bar" viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
          <rect className="bar-bad" y={1} width={(one.count / Math.max(1, of.count)) * 100} height={6} />
        </svg>
      ),
    },
  ];
  return <PlainTable label="Versions" columns={columns} rows={of.versions} keyOf={one => one.version} />;
}
