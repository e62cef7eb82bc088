/** What is looked at: its figures, who calls it and whom it calls, and where to go from it. */

import { Link } from "@tanstack/react-router";
import { type JSX, useEffect, useRef } from "react";

import { formatCount, formatDuration, formatShare } from "../../base/format.ts";
import type { FunctionSummary } from "../../model/function.ts";
import { type Range, rangeSearch } from "../../model/range.ts";
import { around, KIND_TEXT, type MapEdge, type MapNode, type ServiceMap } from "../../model/service-map.ts";
import { Figure } from "../../widgets/Figure.tsx";
import { Icon } from "../../widgets/Icon.tsx";
import { useKeys } from "../../widgets/keys.ts";
import { NodeMark } from "./NodeMark.tsx";
import type { MapSearch } from "./url.ts";

interface NodePanelProps {
  readonly map: ServiceMap;
  readonly node: MapNode;
  /** Where it is a function. */
  readonly of: FunctionSummary | undefined;
  readonly range: Range;
  readonly search: MapSearch;
  readonly close: () => void;
}

export function NodePanel({ map, node, of, range, search, close }: NodePanelProps): JSX.Element {
  const panel = useRef<HTMLElement>(null);
  const { incoming, outgoing } = around(map, node.id);
  useKeys("Map", [{ keys: ["Escape"], does: "close what is looked at", run: close }]);
  // On a phone it stands above the list, which may have been scrolled.
  useEffect(() => {
    panel.current?.scrollIntoView({ block: "nearest" });
  }, []);
  const kind = of === undefined ? KIND_TEXT[node.kind] : "function";
  return (
    <aside className="panel map-panel" ref={panel} aria-label={`${node.name}, ${kind}`}>
      <header>
        <h2>
          <NodeMark shape={of === undefined ? node.kind : "function"} />
          {node.name}
        </h2>
        <button type="button" className="button square" onClick={close} aria-label="Close" title="Close (esc)">
          <Icon name="close" />
        </button>
      </header>
      <p className="byline">
        <span>{kind}</span>
        {node.system !== null && <span>{node.system}</span>}
      </p>
      <dl className="figures">
        <Figure title="Calls in">{node.calls === 0 ? "none" : formatCount(node.calls)}</Figure>
        <Figure title="Failed" tone={node.errors > 0 ? "bad" : "quiet"}>
          {node.errors === 0 ? "none" : `${formatCount(node.errors)}, ${formatShare(node.errors, node.calls)}`}
        </Figure>
        {of !== undefined && (
          <>
            <Figure title="Invocations">{formatCount(of.invocations)}</Figure>
            <Figure title="p95">{formatDuration(of.p95)}</Figure>
            <Figure title="Cold starts" tone={of.coldStarts > 0 ? "cold" : "quiet"}>
              {of.coldStarts === 0 ? "none" : formatCount(of.coldStarts)}
            </Figure>
          </>
        )}
      </dl>
      <Ways node={node} isFunction={of !== undefined} range={range} />
      <Calls title="Called by" edges={incoming} end="from" map={map} search={search} />
      <Calls title="Calls" edges={outgoing} end="to" map={map} search={search} />
    </aside>
  );
}

interface WaysProps {
  readonly node: MapNode;
  readonly isFunction: boolean;
  readonly range: Range;
}

function Ways({ node, isFunction, range }: WaysProps): JSX.Element | null {
  if (node.kind !== "service") return null;
  const search = rangeSearch(range);
  return (
    <p className="map-ways">
      {isFunction && (
        <Link to="/functions/$function" params={{ function: node.name }} search={search}>
          Its page
        </Link>
      )}
      <Link to="/traces" search={{ ...search, service: node.name }}>
        Traces
      </Link>
      <Link to="/logs" search={{ ...search, function: node.name }}>
        Logs
      </Link>
      {isFunction && (
        <Link to="/errors" search={{ ...search, function: node.name }}>
          Errors
        </Link>
      )}
    </p>
  );
}

interface CallsProps {
  readonly title: string;
  readonly edges: readonly MapEdge[];
  readonly end: "from" | "to";
  readonly map: ServiceMap;
  readonly search: MapSearch;
}

function Calls({ title, edges, end, map, search }: CallsProps): JSX.Element | null {
  if (edges.length === 0) return null;
  const names = new Map(map.nodes.map(node => [node.id, node.name]));
  return (
    <section>
      <h3>{title}</h3>
      <ul className="map-calls">
        {edges.map(edge => (
          <li key={`${edge[end]} ${edge.kind}`}>
            <Link to="/map" search={{ ...search, node: edge[end] }} replace resetScroll={false}>
              {names.get(edge[end]) ?? edge[end]}
            </Link>
            {edge.kind === "message" && <span className="note">messages</span>}
            <span className="map-call">
              {edge.isEstimated ? "≈ " : ""}
              {formatCount(edge.calls)}
              {edge.errors > 0 && <span className="bad"> {formatShare(edge.errors, edge.calls)} failed</span>}
              <span className="faint">
                {" "}
                p50 {formatDuration(edge.p50)}, p95 {formatDuration(edge.p95)}
              </span>
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}
