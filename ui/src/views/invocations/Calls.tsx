/** Whom the function calls and who calls it: its part of the map. */

import type { UseQueryResult } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import type { JSX } from "react";

import { formatCount, formatDuration, formatShare } from "../../base/format.ts";
import { type Range, rangeSearch } from "../../model/range.ts";
import { around, KIND_TEXT, type MapEdge, type MapNode, type ServiceMap } from "../../model/service-map.ts";
import { Waiting } from "../../widgets/Notice.tsx";
import { type Column, PlainTable } from "../../widgets/Table.tsx";

interface CallsProps {
  readonly name: string;
  readonly range: Range;
  readonly query: UseQueryResult<ServiceMap>;
}

export function Calls({ name, range, query }: CallsProps): JSX.Element {
  const { data } = query;
  const node = data?.nodes.find(one => one.function === name);
  return (
    <section
      className={query.isPlaceholderData ? "panel section stale" : "panel section"}
      id="calls"
      tabIndex={-1}
      aria-labelledby="calls-title"
      aria-busy={query.isFetching}
    >
      <header>
        <h2 id="calls-title">Calls</h2>
        {node !== undefined && (
          <p className="section-ways">
            <Link to="/map" search={{ ...rangeSearch(range), node: node.id }}>
              on the map
            </Link>
          </p>
        )}
      </header>
      {data === undefined ? (
        <Waiting error={query.error} what="calls" rows={3} retry={query.refetch} />
      ) : node === undefined ? (
        <p className="section-note-line">No trace of this range shows whom it calls, or who calls it.</p>
      ) : (
        <Sides map={data} node={node} range={range} />
      )}
    </section>
  );
}

interface SidesProps {
  readonly map: ServiceMap;
  readonly node: MapNode;
  readonly range: Range;
}

function Sides({ map, node, range }: SidesProps): JSX.Element {
  const { incoming, outgoing } = around(map, node.id);
  return (
    <div className="calls">
      <Side title="It calls" end="to" edges={outgoing} nodes={map.nodes} range={range} />
      <Side title="It is called by" end="from" edges={incoming} nodes={map.nodes} range={range} />
      {[...incoming, ...outgoing].some(edge => edge.isEstimated) && (
        <p className="section-note-line">≈ is told from a sample of the range.</p>
      )}
    </div>
  );
}

interface SideProps {
  readonly title: string;
  readonly end: "from" | "to";
  readonly edges: readonly MapEdge[];
  readonly nodes: readonly MapNode[];
  readonly range: Range;
}

function Side({ title, end, edges, nodes, range }: SideProps): JSX.Element {
  if (edges.length === 0) {
    return <p className="section-note-line">{end === "to" ? "It calls nobody." : "Nobody is seen to call it."}</p>;
  }
  const columns: Column<MapEdge>[] = [
    {
      id: "name",
      title,
      narrow: "head",
      cell: edge => <Other node={nodes.find(({ id }) => id === edge[end])} id={edge[end]} range={range} />,
    },
    {
      id: "calls",
      title: "Calls",
      align: "end",
      cell: edge => (
        <>
          {edge.isEstimated && "≈ "}
          {formatCount(edge.calls)}
          {edge.kind === "message" && <span className="sub">messages</span>}
        </>
      ),
    },
    {
      id: "errors",
      title: "Failed",
      align: "end",
      cell: edge =>
        edge.errors === 0 ? (
          <span className="none">–</span>
        ) : (
          <span className="bad">
            {formatCount(edge.errors)} <span className="share">{formatShare(edge.errors, edge.calls)}</span>
          </span>
        ),
    },
    { id: "p50", title: "p50", align: "end", cell: edge => formatDuration(edge.p50) },
    { id: "p95", title: "p95", align: "end", cell: edge => formatDuration(edge.p95) },
  ];
  return <PlainTable label={title} columns={columns} rows={edges} keyOf={edge => `${edge[end]} ${edge.kind}`} />;
}

interface OtherProps {
  readonly node: MapNode | undefined;
  readonly id: string;
  readonly range: Range;
}

/** A function leads to its page, everything else to its place on the map. */
function Other({ node, id, range }: OtherProps): JSX.Element {
  const search = rangeSearch(range);
  if (node === undefined) return <>{id}</>;
  return (
    <>
      {node.function === null ? (
        <Link to="/map" search={{ ...search, node: node.id }}>
          {node.name}
        </Link>
      ) : (
        <Link to="/functions/$function" params={{ function: node.function }} search={search}>
          {node.name}
        </Link>
      )}
      <span className="sub">{node.function === null ? (node.system ?? KIND_TEXT[node.kind]) : "function"}</span>
    </>
  );
}
