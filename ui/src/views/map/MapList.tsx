/** The map as tables: each node, and who calls whom. */

import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatCount, formatDuration, formatShare } from "../../base/format.ts";
import type { MapEdge, MapNode, ServiceMap } from "../../model/service-map.ts";
import { type Column, PlainTable, Table } from "../../widgets/Table.tsx";
import { NodeMark } from "./NodeMark.tsx";
import type { MapSearch } from "./url.ts";
import { type Functions, kindText, shapeOf } from "./words.ts";

interface MapListProps {
  readonly map: ServiceMap;
  readonly functions: Functions;
  readonly found: readonly MapNode[];
  readonly search: MapSearch;
}

export function MapList({ map, functions, found, search }: MapListProps): JSX.Element {
  const names = new Map(map.nodes.map(node => [node.id, node.name]));
  const ids = new Set(found.map(node => node.id));
  const edges = map.edges
    .filter(edge => ids.has(edge.from) || ids.has(edge.to))
    .toSorted((left, right) => right.calls - left.calls);
  const nodes = found.toSorted((left, right) => right.calls - left.calls || left.name.localeCompare(right.name));
  return (
    <div className="map-list">
      <Table
        label="Nodes"
        columns={nodeColumns(map, functions, search)}
        rows={nodes}
        keyOf={one => one.id}
        isBad={one => one.id === search.node}
      />
      <h2 className="list-title">Who calls whom</h2>
      <PlainTable
        label="Who calls whom"
        columns={edgeColumns(names)}
        rows={edges}
        keyOf={one => `${one.from} ${one.to} ${one.kind}`}
      />
    </div>
  );
}

function nodeColumns(map: ServiceMap, functions: Functions, search: MapSearch): Column<MapNode>[] {
  const calls = (of: (edge: MapEdge) => string, id: string) => map.edges.filter(edge => of(edge) === id).length;
  return [
    {
      id: "name",
      title: "Node",
      narrow: "head",
      cell: one => (
        <span className="map-listed">
          <NodeMark shape={shapeOf(one, functions)} />
          <Link data-row={one.id} to="/map" search={{ ...search, node: one.id }} replace resetScroll={false}>
            {one.name}
          </Link>
          <span className="sub">{kindText(one, functions)}</span>
        </span>
      ),
    },
    {
      id: "calls",
      title: "Calls in",
      align: "end",
      cell: one => (one.calls === 0 ? <None /> : formatCount(one.calls)),
    },
    { id: "errors", title: "Failed", align: "end", cell: one => <Failed of={one} /> },
    {
      id: "incoming",
      title: "Called by",
      align: "end",
      cell: one => calls(edge => edge.to, one.id) || <None />,
    },
    {
      id: "outgoing",
      title: "Calls",
      align: "end",
      cell: one => calls(edge => edge.from, one.id) || <None />,
    },
  ];
}

function edgeColumns(names: ReadonlyMap<string, string>): Column<MapEdge>[] {
  return [
    {
      id: "way",
      title: "From and to",
      narrow: "head",
      cell: one => (
        <>
          <strong>{names.get(one.from) ?? one.from}</strong>
          <span className="faint"> → </span>
          <strong>{names.get(one.to) ?? one.to}</strong>
        </>
      ),
    },
    {
      id: "kind",
      title: "Kind",
      narrow: "tail",
      cell: one => (one.kind === "message" ? "message" : "call"),
    },
    {
      id: "calls",
      title: "Calls",
      align: "end",
      cell: one => `${one.isEstimated ? "≈ " : ""}${formatCount(one.calls)}`,
    },
    { id: "errors", title: "Failed", align: "end", cell: one => <Failed of={one} /> },
    { id: "p50", title: "p50", align: "end", cell: one => formatDuration(one.p50) },
    { id: "p95", title: "p95", align: "end", cell: one => <strong>{formatDuration(one.p95)}</strong> },
  ];
}

function Failed({ of: { calls, errors } }: { readonly of: { readonly calls: number; readonly errors: number } }) {
  if (errors === 0) return <None />;
  return (
    <span className="bad">
      {formatCount(errors)} <span className="share">{formatShare(errors, calls)}</span>
    </span>
  );
}

const None = (): JSX.Element => <span className="none">–</span>;
