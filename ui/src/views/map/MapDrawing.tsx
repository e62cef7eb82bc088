/** The map as a drawing: nodes are buttons over the lines of their calls; moved by dragging, zoomed with ctrl and the wheel. */

import { type CSSProperties, type JSX, type KeyboardEvent, useMemo, useRef, useState } from "react";

import { type Direction, layOut, NODE, nextTo } from "../../model/map-layout.ts";
import { closeTo, type MapNode, type ServiceMap, toneOf } from "../../model/service-map.ts";
import { useKeys } from "../../widgets/keys.ts";
import { MapEdges } from "./MapEdges.tsx";
import { MapLegend } from "./MapLegend.tsx";
import { NodeMark } from "./NodeMark.tsx";
import { usePanZoom } from "./pan-zoom.ts";
import { type Functions, failedText, loadText, shapeOf, spoken } from "./words.ts";

interface MapDrawingProps {
  readonly map: ServiceMap;
  readonly functions: Functions;
  /** What is looked at. */
  readonly node: string | null;
  /** Those that were looked for; null for all. */
  readonly found: ReadonlySet<string> | null;
  readonly onNode: (id: string | null) => void;
}

const DIRECTIONS: Readonly<Record<string, Direction>> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};

const STEP = 1.25;

export function MapDrawing({ map, functions, node, found, onNode }: MapDrawingProps): JSX.Element {
  const window = useRef<HTMLDivElement>(null);
  const layout = useLayout(map);
  const { view, zoom, fit, show } = usePanZoom(window, layout, node);
  const [stop, setStop] = useState<string | null>(null);
  useKeys("Map", [
    { keys: ["+", "="], does: "larger", run: () => zoom(STEP) },
    { keys: ["-"], does: "smaller", run: () => zoom(1 / STEP) },
    { keys: ["0"], does: "see the whole", run: fit },
    { keys: ["Escape"], does: "look at nothing", run: () => onNode(null) },
  ]);
  const close = node === null ? null : closeTo(map, node);
  const isDim = (id: string) => (close !== null && !close.has(id)) || (found !== null && !found.has(id));
  const inReach = stop !== null && layout.places.has(stop) ? stop : (node ?? map.nodes[0]?.id ?? null);

  const onKeyDown = (event: KeyboardEvent, id: string) => {
    const direction = DIRECTIONS[event.key];
    if (direction === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    const next = nextTo(layout, id, direction);
    if (next === null) return;
    setStop(next);
    show(next);
    window.current?.querySelector<HTMLElement>(`[data-node="${CSS.escape(next)}"]`)?.focus({ preventScroll: true });
  };
  const transform = `translate(${view.x}px, ${view.y}px) scale(${view.scale})`;
  return (
    <section className="map-drawing" aria-label="Map">
      <div className="map-window" ref={window} data-own-arrows>
        <div
          className={view.scale < 0.55 ? "map-ground far" : "map-ground"}
          style={{ width: layout.width, height: layout.height, transform }}
        >
          <MapEdges map={map} layout={layout} node={node} isDim={isDim} />
          {map.nodes.map(one => (
            <NodeButton
              key={one.id}
              node={one}
              text={spoken(one, map, functions)}
              functions={functions}
              style={placed(layout.places.get(one.id))}
              isStop={one.id === inReach}
              isChosen={one.id === node}
              isDim={isDim(one.id)}
              onFocus={() => setStop(one.id)}
              onKeyDown={event => onKeyDown(event, one.id)}
              onClick={() => onNode(one.id === node ? null : one.id)}
            />
          ))}
        </div>
        <div className="map-tools">
          <button type="button" className="button" aria-label="Larger" title="Larger (+)" onClick={() => zoom(STEP)}>
            +
          </button>
          <button
            type="button"
            className="button"
            aria-label="Smaller"
            title="Smaller (-)"
            onClick={() => zoom(1 / STEP)}
          >
            −
          </button>
          <button type="button" className="button" title="See the whole (0)" onClick={fit}>
            whole
          </button>
        </div>
      </div>
      <MapLegend map={map} functions={functions} />
    </section>
  );
}

/** Laid out again only where somebody came or went: figures that change move nothing. */
function useLayout(map: ServiceMap) {
  const key = JSON.stringify([map.nodes.map(({ id }) => id), map.edges.map(({ from, to }) => [from, to])]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says all that the layout goes by
  return useMemo(() => layOut({ nodes: map.nodes.map(({ id }) => id), links: map.edges }), [key]);
}

const placed = (corner: { readonly x: number; readonly y: number } | undefined): CSSProperties => ({
  left: corner?.x ?? 0,
  top: corner?.y ?? 0,
  width: NODE.width,
  height: NODE.height,
});

interface NodeButtonProps {
  readonly node: MapNode;
  /** All of it, for those who can't see it. */
  readonly text: string;
  readonly functions: Functions;
  readonly style: CSSProperties;
  /** Whether the tab key leads to it. */
  readonly isStop: boolean;
  readonly isChosen: boolean;
  readonly isDim: boolean;
  readonly onFocus: () => void;
  readonly onKeyDown: (event: KeyboardEvent) => void;
  readonly onClick: () => void;
}

function NodeButton({ node, text, functions, isStop, isChosen, isDim, ...rest }: NodeButtonProps): JSX.Element {
  const failed = failedText(node);
  return (
    <button
      type="button"
      className={`map-node map-${toneOf(node)}${isDim ? " dim" : ""}`}
      data-node={node.id}
      tabIndex={isStop ? 0 : -1}
      aria-pressed={isChosen}
      aria-label={text}
      title={node.system === null ? node.name : `${node.name}, ${node.system}`}
      {...rest}
    >
      <NodeMark shape={shapeOf(node, functions)} />
      <span className="map-name">{node.name}</span>{" "}
      <span className="map-load">
        {failed === "" ? (
          loadText(node, functions)
        ) : (
          <>
            {loadText(node, functions)}, <span className="map-failed">{failed}</span>
          </>
        )}
      </span>
    </button>
  );
}
