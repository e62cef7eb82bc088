/** The bars of the rows that are in the page. Reads the layout's arrays alone; no span is touched. */

import { ERROR, isGroup, type Layout, membersOf, PHASE, type Shown, UNFINISHED } from "../../model/layout.ts";
import { beyond, isTelling, type Operation, percentile } from "../../model/operations.ts";
import { ticks } from "../../model/ticks.ts";
import type { View } from "../../model/view.ts";
import type { Surface } from "../../widgets/Canvas.tsx";
import { type Palette, palette } from "./palette.ts";

export interface Bars {
  readonly layout: Layout;
  readonly rows: Int32Array;
  readonly first: number;
  readonly last: number;
  readonly shown: Shown;
  readonly view: View;
  readonly zero: number;
  readonly found: Uint8Array | null;
  /** What is usual of a span; asked of those that are drawn alone. Null where bars are not marked. */
  readonly usualOf: ((index: number) => Operation | undefined) | null;
  readonly rowHeight: number;
  readonly narrow: boolean;
}

/** Heights in pixels: what waits is thin, what is waited for is thick. */
const THIN = 5;
const THICK = 12;
const UNDERLINE = 2;
/** Shorter bars than this can't be seen. */
const LEAST = 2;
const HATCH = 5;
/** The mark of what is usual stands below the bar, on no colour; both of its ends reach up so far, the second one down as well. */
const MARK_BELOW = 8;
const MARK_END = 2;
/** A narrower one says nothing. */
const LEAST_MARK = 4;
/** On a phone the bar's middle is this far above the row's lower edge. */
const NARROW_MIDDLE = 11;

export function drawBars(surface: Surface, bars: Bars): void {
  const colours = palette();
  const { width } = surface;
  const scale = width / (bars.view.to - bars.view.from);
  const x = (at: number) => (at - bars.view.from) * scale;
  drawGround(surface, bars, colours, x);
  for (let row = bars.first; row < bars.last; row++) {
    const index = bars.rows[row] as number;
    const bottom = (row - bars.first + 1) * bars.rowHeight;
    const middle = bars.narrow ? bottom - NARROW_MIDDLE : bottom - bars.rowHeight / 2;
    const bar = { surface, bars, colours, x, index, middle };
    surface.context.globalAlpha = bars.found !== null && bars.found[index] === 0 ? 0.2 : 1;
    if (isGroup(bars.layout, index)) drawGroup(bar);
    else {
      drawBar(bar);
      drawUsual(bar);
    }
  }
  surface.context.globalAlpha = 1;
}

type Place = (at: number) => number;

/** The time before the invocation, and the lines of the axis: behind everything, or on a phone behind the bars alone. */
function drawGround(surface: Surface, bars: Bars, colours: Palette, x: Place): void {
  if (!bars.narrow) {
    drawStrip(surface, bars, colours, x, 0, surface.height);
    return;
  }
  for (let bottom = bars.rowHeight; bottom <= surface.height; bottom += bars.rowHeight) {
    drawStrip(surface, bars, colours, x, bottom - 2 * NARROW_MIDDLE + 3, 2 * NARROW_MIDDLE - 6);
  }
}

function drawStrip(surface: Surface, bars: Bars, colours: Palette, x: Place, top: number, height: number): void {
  const { context, width } = surface;
  const { view, zero, narrow } = bars;
  if (zero > view.from) {
    context.fillStyle = colours.shade;
    context.fillRect(0, top, Math.min(width, x(zero)), height);
  }
  context.fillStyle = colours.line;
  for (const at of ticks(view.from - zero, view.to - zero, narrow ? 3 : 7)) {
    context.fillRect(Math.round(x(at + zero)), top, 1, height);
  }
  if (zero > view.from && zero < view.to) {
    context.fillStyle = colours.cold;
    context.fillRect(Math.round(x(zero)), top, 1, height);
  }
}

interface Bar {
  readonly surface: Surface;
  readonly bars: Bars;
  readonly colours: Palette;
  readonly x: Place;
  readonly index: number;
  readonly middle: number;
}

function drawBar(bar: Bar): void {
  const { surface, bars, colours, x, index, middle } = bar;
  const { context, width } = surface;
  const { layout } = bars;
  const left = x(layout.start[index] as number);
  const right = Math.max(x(layout.end[index] as number), left + LEAST);
  if (right < 0 || left > width) {
    drawBeyond(bar, right < 0);
    return;
  }
  const from = Math.max(0, left);
  const to = Math.min(width, right);
  const flags = layout.flags[index] as number;
  const colour = flags & PHASE ? colours.cold : (colours.services[layout.colour[index] as number] as string);
  if (flags & PHASE) hatch(context, colour, from, to, middle);
  else thin(context, colour, from, to, middle);
  drawCritical(bar, colour);
  if (flags & UNFINISHED && right <= width) fray(context, colour, to, middle);
  if (flags & ERROR) {
    context.fillStyle = colours.bad;
    context.fillRect(Math.max(from, to - 3), middle - 7, 3, 14);
  }
}

/** A line from where half of the others would end to where 95 % of them would. */
function drawUsual({ surface, bars, colours, x, index, middle }: Bar): void {
  const operation = bars.usualOf?.(index);
  if (operation === undefined || !isTelling(operation)) return;
  const { context, width } = surface;
  const start = bars.layout.start[index] as number;
  const [p50, p95] = [x(start + percentile(operation, 50)), x(start + percentile(operation, 95))];
  if (p95 - x(start) < LEAST_MARK || p95 < 0 || p50 > width) return;
  const slow = beyond((bars.layout.end[index] as number) - start, operation) !== null;
  context.fillStyle = slow ? colours.slow : colours.usual;
  const line = middle + MARK_BELOW;
  const from = Math.max(0, Math.round(p50));
  const to = Math.min(width, Math.round(p95) + 1);
  context.fillRect(from, line, Math.max(1, to - from), 1);
  if (p50 >= 0) context.fillRect(from, line - MARK_END, 1, MARK_END);
  if (p95 <= width) context.fillRect(to - 1, line - MARK_END, 1, 2 * MARK_END + 1);
}

/** All bars of a group in one row; of those that begin in one pixel the longest. */
function drawGroup(bar: Bar): void {
  const { surface, bars, colours, x, index, middle } = bar;
  const { context, width } = surface;
  const { layout } = bars;
  const colour = colours.services[layout.colour[index] as number] as string;
  const members = membersOf(layout, index);
  context.globalAlpha = 0.5;
  context.fillStyle = colour;
  let from = Number.NEGATIVE_INFINITY;
  let to = from;
  const flush = () => {
    const left = Math.max(0, from);
    const right = Math.min(width, to);
    if (right > left) context.fillRect(left, middle - THIN / 2, right - left, THIN);
  };
  for (const member of members) {
    const left = x(layout.start[member] as number);
    const right = Math.max(x(layout.end[member] as number), left + 1);
    if (left <= to + 0.5) {
      to = Math.max(to, right);
      continue;
    }
    flush();
    from = left;
    to = right;
  }
  flush();
  context.globalAlpha = 1;
  if (!bars.shown.opened.has(index)) for (const member of members) drawSections(bar, colour, member, true);
  context.fillStyle = colours.bad;
  for (const member of members) {
    if (!((layout.flags[member] as number) & ERROR)) continue;
    const right = x(layout.end[member] as number);
    if (right >= 0 && right <= width + 3) context.fillRect(Math.max(0, right - 2), middle - 7, 2, 14);
  }
}

/** A bar that lies outside of what is seen: a sign at the edge on its side. */
function drawBeyond({ surface, colours, middle }: Bar, before: boolean): void {
  const { context, width } = surface;
  const edge = before ? 2 : width - 2;
  const inward = before ? 4 : -4;
  context.fillStyle = colours.line;
  context.beginPath();
  context.moveTo(edge, middle);
  context.lineTo(edge + inward, middle - 4);
  context.lineTo(edge + inward, middle + 4);
  context.fill();
}

function thin(context: CanvasRenderingContext2D, colour: string, from: number, to: number, middle: number): void {
  const alpha = context.globalAlpha;
  context.globalAlpha = alpha * 0.55;
  context.fillStyle = colour;
  context.beginPath();
  context.roundRect(from, middle - THIN / 2, to - from, THIN, 1.5);
  context.fill();
  context.globalAlpha = alpha;
}

/** Lines that lean, inside a frame: the platform's time. */
function hatch(context: CanvasRenderingContext2D, colour: string, from: number, to: number, middle: number): void {
  const top = middle - THICK / 2;
  context.save();
  context.beginPath();
  context.rect(from, top, to - from, THICK);
  context.clip();
  context.strokeStyle = colour;
  context.lineWidth = 1;
  context.beginPath();
  for (let at = from - THICK; at < to; at += HATCH) {
    context.moveTo(at, top + THICK);
    context.lineTo(at + THICK, top);
  }
  context.stroke();
  context.strokeRect(from + 0.5, top + 0.5, Math.max(1, to - from - 1), THICK - 1);
  context.restore();
}

/** An end that is not known: the bar goes on in pieces. */
function fray(context: CanvasRenderingContext2D, colour: string, at: number, middle: number): void {
  context.fillStyle = colour;
  for (let piece = 0; piece < 3; piece++) {
    context.fillRect(at + 3 + piece * 5, middle - THIN / 2, 3 - piece * 0.5, THIN);
  }
}

/** What the whole waited for. Of a span whose children are hidden, theirs too. */
function drawCritical(bar: Bar, colour: string): void {
  drawSections(bar, colour, bar.index, bar.bars.shown.closed.has(bar.index));
}

function drawSections({ surface, bars, colours, x, middle }: Bar, colour: string, index: number, below: boolean): void {
  const { context, width } = surface;
  const { layout } = bars;
  const phase = (layout.flags[index] as number) & PHASE;
  const end = index + (below ? (layout.size[index] as number) : 1);
  const until = layout.sectionsAt[end] as number;
  // Sections that meet in one pixel are drawn once.
  let drawn = Number.NEGATIVE_INFINITY;
  for (let at = layout.sectionsAt[index] as number; at < until; at++) {
    const from = Math.max(0, x(layout.sectionStart[at] as number));
    const to = Math.min(width, Math.max(x(layout.sectionEnd[at] as number), from + 1));
    if (to <= 0 || from >= width || (to <= drawn && to - from <= 1)) continue;
    drawn = to;
    context.fillStyle = colour;
    if (!phase) context.fillRect(from, middle - THICK / 2, to - from, THICK - UNDERLINE);
    context.fillStyle = colours.critical;
    context.fillRect(from, middle + THICK / 2 - UNDERLINE + (phase ? UNDERLINE : 0), to - from, UNDERLINE);
  }
}
