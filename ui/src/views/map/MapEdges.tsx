import type { JSX } from "react";

import { formatCount, formatDuration, formatShare } from "../../base/format.ts";
import { type MapLayout, middleOf, pathOf, type Route } from "../../model/map-layout.ts";
import { type MapEdge, type ServiceMap, toneOf } from "../../model/service-map.ts";

interface MapEdgesProps {
  readonly map: ServiceMap;
  readonly layout: MapLayout;
  readonly node: string | null;
  readonly isDim: (id: string) => boolean;
}

/** Of more than so many ways only those of what is looked at say their figures. */
const TOLD = 14;
const WIDEST = 4;

/** Calls as lines: the more calls the wider, dashed for messages. The list says the same in words. */
export function MapEdges({ map, layout, node, isDim }: MapEdgesProps): JSX.Element {
  const most = Math.max(1, ...map.edges.map(edge => edge.calls));
  const routes = new Map(layout.routes.map(route => [`${route.from}\n${route.to}`, route]));
  const drawn = map.edges.flatMap(edge => {
    const route = routes.get(`${edge.from}\n${edge.to}`);
    if (route === undefined) return [];
    const isOwn = edge.from === node || edge.to === node;
    const isFaint = node === null ? isDim(edge.from) && isDim(edge.to) : !isOwn;
    return [{ edge, route, isFaint, isTold: !isFaint && (isOwn || map.edges.length <= TOLD) }];
  });
  return (
    <svg className="map-edges" width={layout.width} height={layout.height} aria-hidden="true">
      {drawn.map(({ edge, route, isFaint }) => (
        <g
          key={`${edge.from} ${edge.to} ${edge.kind}`}
          className={`map-edge map-${toneOf(edge)} map-${edge.kind}${isFaint ? " dim" : ""}`}
        >
          <path d={pathOf(route)} strokeWidth={widthOf(edge.calls, most)} />
          <path className="map-arrow" d={arrowOf(route)} />
        </g>
      ))}
      {drawn.map(
        ({ edge, route, isTold }) =>
          isTold && <EdgeText key={`${edge.from} ${edge.to} ${edge.kind}`} edge={edge} route={route} />,
      )}
    </svg>
  );
}

/** Twice: its ground is as wide as all of it, and would cover what stands before where each part had its own. */
function EdgeText({ edge, route }: { readonly edge: MapEdge; readonly route: Route }): JSX.Element {
  const { x, y } = middleOf(route);
  const told = (
    <>
      {edge.isEstimated ? "≈ " : ""}
      {formatCount(edge.calls)}
      {edge.errors > 0 && <tspan className="map-failed"> · {formatShare(edge.errors, edge.calls)}</tspan>}
      {` · ${formatDuration(edge.p95)}`}
    </>
  );
  return (
    <>
      <text className="map-told map-told-ground" x={x} y={y} dy="0.35em">
        {told}
      </text>
      <text className="map-told" x={x} y={y} dy="0.35em">
        {told}
      </text>
    </>
  );
}

const widthOf = (calls: number, most: number): number =>
  1 + (WIDEST - 1) * (Math.log1p(calls) / Math.log1p(Math.max(1, most))) ** 3;

/** A point where it arrives, in the direction that it comes from: it arrives level. */
function arrowOf({ points, isBack }: Route): string {
  const end = points.at(-1) ?? { x: 0, y: 0 };
  const tail = end.x + (isBack ? 7 : -7);
  return `M${tail},${end.y - 4.5}L${end.x},${end.y}L${tail},${end.y + 4.5}z`;
}
