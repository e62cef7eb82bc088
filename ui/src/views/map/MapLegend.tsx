import type { JSX } from "react";

import { KIND_TEXT, type ServiceMap } from "../../model/service-map.ts";
import { NodeMark, type Shape } from "./NodeMark.tsx";
import { type Functions, shapeOf } from "./words.ts";

/** What the shapes and lines say, of those that are there. */
export function MapLegend({
  map,
  functions,
}: {
  readonly map: ServiceMap;
  readonly functions: Functions;
}): JSX.Element {
  const shapes = [...new Set(map.nodes.map(node => shapeOf(node, functions)))];
  const hasMessages = map.edges.some(edge => edge.kind === "message");
  return (
    <ul className="map-legend">
      {(["function", "service", "database", "queue", "external"] as const satisfies Shape[])
        .filter(shape => shapes.includes(shape))
        .map(shape => (
          <li key={shape}>
            <NodeMark shape={shape} />
            {shape === "function" ? shape : KIND_TEXT[shape]}
          </li>
        ))}
      <Line name="call" text="call: how many, and p95" />
      {hasMessages && <Line name="message" text="message" />}
      <Line name="some" text="some failed" />
      <Line name="many" text="5 % or more failed" />
    </ul>
  );
}

function Line({ name, text }: { readonly name: string; readonly text: string }): JSX.Element {
  return (
    <li>
      <svg className={`map-edge map-${name}`} viewBox="0 0 22 8" width={22} height={8} aria-hidden="true">
        <path d="M0,4H22" strokeWidth={2} />
      </svg>
      {text}
    </li>
  );
}
