/** A sandbox's life as a line: made ready, serving, frozen in between. What differs in kind differs in height, too. */

import type { Lifeline, MarkKind, Part } from "../../model/sandboxes.ts";
import type { Surface } from "../../widgets/Canvas.tsx";

export const LIFE_HEIGHT = 22;

export const LIFE_TOKENS = {
  strong: "--line-strong",
  served: "--faint",
  failed: "--bad",
  open: "--accent",
  ground: "--surface",
  cold: "--cold",
} as const;

export type LifeColours = Readonly<Record<keyof typeof LIFE_TOKENS, string>>;

const MIDDLE = LIFE_HEIGHT / 2;
/** What is shorter than a moment of the axis is still seen. */
const NARROWEST: Readonly<Record<MarkKind | "cold" | "untold", number>> = {
  served: 2,
  open: 4,
  failed: 2,
  cold: 5,
  untold: 2,
};
const HEIGHTS: typeof NARROWEST = { served: 12, open: 12, failed: 12, cold: 6, untold: 6 };
/** What stands where an invocation failed. */
const FLAG = { stem: 2, width: 6, height: 4 } as const;
/** Those that stand out are drawn last. */
const ORDER: readonly MarkKind[] = ["served", "open", "failed"];

export function drawLifeline({ context, width }: Surface, life: Lifeline, colours: LifeColours): void {
  const box = ({ from, to }: Part, kind: keyof typeof HEIGHTS) => {
    const wide = Math.max(NARROWEST[kind], (to - from) * width);
    // The last moment of the axis has room, too.
    const x = Math.max(0, Math.min(from * width, width - wide));
    return [x, MIDDLE - HEIGHTS[kind] / 2, wide, HEIGHTS[kind]] as const;
  };
  const { alive, untold, prepared } = life;
  context.fillStyle = colours.strong;
  context.fillRect(alive.from * width, MIDDLE - 1, (alive.to - alive.from) * width, 2);
  if (untold !== null) context.fillRect(...box(untold, "untold"));

  for (const kind of ORDER) {
    context.fillStyle = kind === "open" ? colours.ground : colours[kind];
    context.strokeStyle = colours[kind];
    for (const mark of life.marks) {
      if (mark.kind !== kind) continue;
      const [x, y, wide, height] = box(mark, kind);
      context.fillRect(x, y, wide, height);
      if (kind === "open") context.strokeRect(x + 0.5, y + 0.5, wide - 1, height - 1);
      if (kind === "failed") drawFlag(context, x + wide, width);
    }
  }

  context.fillStyle = colours.cold;
  if (life.isOlder) drawEdge(context);
  if (prepared === null) return;
  // Where it is but a moment it stands before what it was made ready for.
  const [, y, wide, height] = box(prepared, "cold");
  context.fillRect(Math.max(0, prepared.to * width - wide), y, wide, height);
}

/** @param end where it failed; the flag stays inside of the width. */
function drawFlag(context: CanvasRenderingContext2D, end: number, width: number): void {
  const middle = Math.min(Math.max(end - FLAG.stem / 2, FLAG.width / 2), width - FLAG.width / 2);
  context.fillRect(end - FLAG.stem, 0, FLAG.stem, LIFE_HEIGHT);
  context.fillRect(middle - FLAG.width / 2, 0, FLAG.width, FLAG.height);
}

/** It comes from before. */
function drawEdge(context: CanvasRenderingContext2D): void {
  context.beginPath();
  context.moveTo(0, MIDDLE);
  context.lineTo(6, MIDDLE - 5);
  context.lineTo(6, MIDDLE + 5);
  context.fill();
}
