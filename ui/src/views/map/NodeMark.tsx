import type { JSX } from "react";

import type { NodeKind } from "../../model/service-map.ts";

export type Shape = NodeKind | "function";

const SHAPES: Readonly<Record<Shape, string>> = {
  function: "M3 2.5h2.2l6 11H13M8 7.6L4.6 13.5H3",
  service: "M8 1.8l5.4 3.1v6.2L8 14.2l-5.4-3.1V4.9z",
  database:
    "M3 4.2c0-1.3 2.2-2.2 5-2.2s5 .9 5 2.2-2.2 2.2-5 2.2-5-.9-5-2.2zM3 4.2v7.6c0 1.3 2.2 2.2 5 2.2s5-.9 5-2.2V4.2",
  queue: "M2 4.5h12v7H2zM6 4.5v7M10 4.5v7",
  external: "M8 14a6 6 0 1 0 0-12 6 6 0 0 0 0 12zM2 8h12M8 2c-4 4-4 8 0 12M8 2c4 4 4 8 0 12",
};

/** A shape of its own for each kind; the word stands beside it or in its name. */
export function NodeMark({ shape }: { readonly shape: Shape }): JSX.Element {
  return (
    <svg className={`icon node-mark node-${shape}`} viewBox="0 0 16 16" aria-hidden="true">
      <path d={SHAPES[shape]} />
    </svg>
  );
}
